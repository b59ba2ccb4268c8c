//! Pairs the entries of `BLOB_SCHEDULE` with the bpo forks of `genesis.json`.

use crate::cl::config::BlobParameters;
use crate::forks::Hardfork;

/// The bpo forks of `genesis.json` at one time. The last of them sets the limit.
#[derive(Debug)]
pub(super) struct Group {
    /// In order.
    pub(super) forks: Vec<Hardfork>,
    /// Their time in the file.
    pub(super) time: u64,
    /// The epoch that starts then, if known; 0 if they are active at genesis.
    pub(super) epoch: Option<u64>,
    /// The maximum of blobs from then on, if the file has it.
    pub(super) max: Option<u64>,
    /// Whether this differs from the limit before.
    pub(super) changes: bool,
}

impl Group {
    /// The fork that sets the limit.
    pub(super) fn last(&self) -> Hardfork {
        self.forks.last().copied().unwrap_or(Hardfork::Bpo1)
    }
}

/// Removes all but the last entry of each epoch, the one that is in effect.
pub(super) fn without_repeats(entries: &[BlobParameters]) -> Vec<BlobParameters> {
    let mut kept: Vec<BlobParameters> = Vec::new();
    for entry in entries {
        kept.retain(|earlier| earlier.epoch != entry.epoch);
        kept.push(*entry);
    }
    kept
}

/// The score of a pair with the same epoch. A pair with only the same limit scores 1.
const SAME_EPOCH: usize = 1000;

/// The index of the entry for each group. A group and an entry with the same epoch always form a
/// pair. The others form a pair, in order, if they have the same limit: the file may have the times
/// of another start. `osaka` is the limit at osaka.
pub(super) fn pair(groups: &[Group], entries: &[BlobParameters], osaka: u64) -> Vec<Option<usize>> {
    let score = |group: &Group, index: usize| {
        let entry = entries[index];
        let before =
            index.checked_sub(1).map_or(osaka, |before| entries[before].max_blobs_per_block);
        let changes = entry.max_blobs_per_block != before;
        match group.epoch {
            Some(epoch) if epoch == entry.epoch => SAME_EPOCH,
            Some(_) if group.max == Some(entry.max_blobs_per_block) => {
                usize::from(group.changes && changes)
            }
            None if group.max.is_none_or(|max| max == entry.max_blobs_per_block) => 1,
            _ => 0,
        }
    };
    // The best total score of the groups and entries from each index on.
    let mut best = vec![vec![0; entries.len() + 1]; groups.len() + 1];
    for (g, group) in groups.iter().enumerate().rev() {
        for e in (0..entries.len()).rev() {
            let score = score(group, e);
            let both = if score > 0 { score + best[g + 1][e + 1] } else { 0 };
            best[g][e] = both.max(best[g + 1][e]).max(best[g][e + 1]);
        }
    }
    let mut pairs = vec![None; groups.len()];
    let (mut g, mut e) = (0, 0);
    while g < groups.len() && e < entries.len() {
        let score = score(&groups[g], e);
        if score > 0 && best[g][e] == score + best[g + 1][e + 1] {
            pairs[g] = Some(e);
            (g, e) = (g + 1, e + 1);
        } else if best[g][e] == best[g][e + 1] {
            e += 1;
        } else {
            g += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(groups: &[(Option<u64>, u64)], entries: &[(u64, u64)]) -> Vec<Option<usize>> {
        let mut before = 9;
        let groups: Vec<Group> = groups
            .iter()
            .zip(Hardfork::bpo())
            .map(|((epoch, max), fork)| {
                let changes = *max != std::mem::replace(&mut before, *max);
                Group { forks: vec![fork], time: 0, epoch: *epoch, max: Some(*max), changes }
            })
            .collect();
        let entry =
            |(epoch, max): &(u64, u64)| BlobParameters { epoch: *epoch, max_blobs_per_block: *max };
        pair(&groups, &entries.iter().map(entry).collect::<Vec<_>>(), 9)
    }

    #[test]
    fn epochs_come_before_limits() {
        // A limit that returns.
        let groups = [(Some(4), 15), (Some(8), 9), (Some(12), 15)];
        assert_eq!(paired(&groups, &[(4, 15), (8, 9), (12, 15)]), [Some(0), Some(1), Some(2)]);
        // An explicit entry for the limit of osaka.
        assert_eq!(paired(&[(Some(5), 15)], &[(2, 9), (5, 15)]), [Some(1)]);
        // Two limits in one epoch: the caller rejects them.
        assert_eq!(paired(&[(Some(5), 12)], &[(5, 15)]), [Some(0)]);
        // Times of another start, and unknown epochs.
        assert_eq!(
            paired(&[(Some(4), 15), (Some(7), 21)], &[(6, 15), (9, 21)]),
            [Some(0), Some(1)]
        );
        assert_eq!(
            paired(&[(None, 15), (None, 21)], &[(2, 9), (6, 15), (9, 21)]),
            [Some(1), Some(2)]
        );
        // A group that changes nothing pairs with no other epoch.
        assert_eq!(paired(&[(Some(4), 9)], &[(6, 9)]), [None]);
    }
}
