//! The root of more leaves than memory holds.

use alloy_primitives::B256;
use alloy_trie::Nibbles;
use alloy_trie::nodes::RlpNode;
use rayon::prelude::*;

use super::nodes::{Scratch, branch, hash_of_root, node};
use super::{EMPTY_ROOT_HASH, Leaf, TakeNode};

/// [`root_with_nodes`](super::root_with_nodes) of leaves in parts, by the first byte of their keys. `filled`
/// has these bytes in order, and `load` returns the leaves of one: sorted, at least one. Each core has
/// one part in memory.
///
/// # Errors
/// That of `load`.
pub fn root_of_parts<L: Leaf + Send, E: Send>(
    filled: &[u8],
    load: impl Fn(u8) -> Result<Vec<L>, E> + Sync,
    take: &TakeNode<'_>,
) -> Result<B256, E> {
    let groups: Vec<&[u8]> = filled.chunk_by(|one, other| one >> 4 == other >> 4).collect();
    if groups.is_empty() {
        return Ok(EMPTY_ROOT_HASH);
    }
    // The nibbles above the node of a part: those of branches that have it as a child.
    let above_group = usize::from(groups.len() > 1);
    let depth = |group: &[u8]| if group.len() > 1 { 2 } else { above_group };
    let parts: Vec<(u8, usize)> =
        groups.iter().flat_map(|group| group.iter().map(|part| (*part, depth(group)))).collect();
    let compute = |(part, depth): &(u8, usize)| {
        let leaves = load(*part)?;
        // A thread that waits for another must not start with a further part meanwhile.
        Ok(node(&leaves, *depth, usize::MAX, &mut Scratch::default(), take))
    };
    let nodes: Vec<RlpNode> = parts.par_iter().map(compute).collect::<Result<_, E>>()?;
    let (mut scratch, mut nodes) = (Scratch::default(), &nodes[..]);
    let mut of_groups = Vec::with_capacity(groups.len());
    for group in &groups {
        let (own, later) = nodes.split_at(group.len());
        nodes = later;
        of_groups.push(match own {
            [node] => node.clone(),
            own => {
                let path = if above_group == 1 { None } else { Some(group[0] >> 4) };
                let path = Nibbles::from_nibbles(path.as_slice());
                branch(&path, mask(group.iter().map(|part| part & 0xf)), own, &mut scratch, take)
            }
        });
    }
    let root = match &of_groups[..] {
        [node] => node.clone(),
        all => {
            let mask = mask(groups.iter().map(|group| group[0] >> 4));
            branch(&Nibbles::default(), mask, all, &mut scratch, take)
        }
    };
    Ok(hash_of_root(&root, take))
}

/// The bits of these nibbles.
fn mask(nibbles: impl Iterator<Item = u8>) -> u16 {
    nibbles.fold(0, |mask, nibble| mask | 1 << nibble)
}
