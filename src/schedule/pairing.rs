//! Which entry of `BLOB_SCHEDULE` and which blob forks of `genesis.json` mean the same change.

use crate::cl::config::BlobParameters;
use crate::el::chain_config::Hardfork;

/// Blob forks of `genesis.json` that come at one moment: the last of them decides.
#[derive(Debug)]
pub(super) struct Group {
    /// In order.
    pub(super) forks: Vec<Hardfork>,
    /// When they come, as the file says.
    pub(super) time: u64,
    /// The epoch that begins then, if the file tells; 0 for what is active at genesis.
    pub(super) epoch: Option<u64>,
    /// The most blobs of a block from then on; `None`: the file does not say.
    pub(super) max: Option<u64>,
    /// Whether that is another limit than before.
    pub(super) changes: bool,
}

impl Group {
    /// The fork that decides.
    pub(super) fn last(&self) -> Hardfork {
        self.forks.last().copied().unwrap_or(Hardfork::Bpo1)
    }
}

/// Entries of one epoch count twice as the last of them, which is the one that is kept.
pub(super) fn without_repeats(entries: &[BlobParameters]) -> Vec<BlobParameters> {
    let mut kept: Vec<BlobParameters> = Vec::new();
    for entry in entries {
        kept.retain(|earlier| earlier.epoch != entry.epoch);
        kept.push(*entry);
    }
    kept
}

/// What a pair of one epoch is worth, against pairs that only have the same limit.
const SAME_EPOCH: usize = 1000;

/// The index of the entry that each group goes with. Those of one epoch belong together whatever
/// they say. Of the others, in their order, those that bring the same limit do: the times of a file
/// may be those of another start. `osaka` is the limit that comes with it.
pub(super) fn pair(groups: &[Group], entries: &[BlobParameters], osaka: u64) -> Vec<Option<usize>> {
    let worth = |group: &Group, index: usize| {
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
    // The best worth of the groups and entries from each place on.
    let mut best = vec![vec![0; entries.len() + 1]; groups.len() + 1];
    for (g, group) in groups.iter().enumerate().rev() {
        for e in (0..entries.len()).rev() {
            let worth = worth(group, e);
            let both = if worth > 0 { worth + best[g + 1][e + 1] } else { 0 };
            best[g][e] = both.max(best[g + 1][e]).max(best[g][e + 1]);
        }
    }
    let mut pairs = vec![None; groups.len()];
    let (mut g, mut e) = (0, 0);
    while g < groups.len() && e < entries.len() {
        let worth = worth(&groups[g], e);
        if worth > 0 && best[g][e] == worth + best[g + 1][e + 1] {
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
    use crate::el::chain_config::BPO_FORKS;

    fn paired(groups: &[(Option<u64>, u64)], entries: &[(u64, u64)]) -> Vec<Option<usize>> {
        let mut before = 9;
        let groups: Vec<Group> = groups
            .iter()
            .zip(BPO_FORKS)
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
        // A limit that comes back.
        let groups = [(Some(4), 15), (Some(8), 9), (Some(12), 15)];
        assert_eq!(paired(&groups, &[(4, 15), (8, 9), (12, 15)]), [Some(0), Some(1), Some(2)]);
        // The limit of osaka, spelled out.
        assert_eq!(paired(&[(Some(5), 15)], &[(2, 9), (5, 15)]), [Some(1)]);
        // One epoch with two limits is for the caller to refuse.
        assert_eq!(paired(&[(Some(5), 12)], &[(5, 15)]), [Some(0)]);
        // Times of another start, and times that say nothing.
        assert_eq!(
            paired(&[(Some(4), 15), (Some(7), 21)], &[(6, 15), (9, 21)]),
            [Some(0), Some(1)]
        );
        assert_eq!(
            paired(&[(None, 15), (None, 21)], &[(2, 9), (6, 15), (9, 21)]),
            [Some(1), Some(2)]
        );
        // What changes nothing has no twin elsewhere.
        assert_eq!(paired(&[(Some(4), 9)], &[(6, 9)]), [None]);
    }
}
