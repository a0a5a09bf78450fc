//! A step that the build adds to `wasm_split_cli_support`, before it decides which symbols chunks share.
//!
//! The tool makes one chunk for each combination of splits that share code: hundreds of tiny files once a dozen
//! splits share a library of components.

use std::collections::{BTreeSet, HashMap};

use super::{OutputModuleInfo, SplitModuleIdentifier};
use crate::{dep_graph::DepNode, read::InputModule};

/// What a file less is worth, in bytes of code before it is optimised: a request, a header, and what a small
/// file compresses worse. Measured: 2 500 makes 56 files, this 42, 12 000 makes 32, and no group of pages differs
/// by more than 5 % between them.
const FILE_BYTES: u64 = 6_000;

struct Chunk {
    needed_by: BTreeSet<String>,
    code_bytes: u64,
    info: OutputModuleInfo,
}

/// Joins chunks while that makes all splits together cheaper to load: a file less for each split that needs both,
/// against code that a split then loads and does not need.
///
/// The result belongs to every split that needs either. Code may thus be loaded where what it calls is not; it is
/// never called there, since what could call it is not loaded either, and modules call each other by the table.
pub(super) fn join_chunks(module: &InputModule, contents: &mut HashMap<SplitModuleIdentifier, OutputModuleInfo>) {
    let mut keys: Vec<SplitModuleIdentifier> = contents
        .keys()
        .filter(|key| matches!(key, SplitModuleIdentifier::Chunk(_)))
        .cloned()
        .collect();
    // The same program must always be cut in the same way.
    keys.sort_unstable();
    let mut chunks: Vec<Chunk> = keys
        .into_iter()
        .filter_map(|key| {
            let info = contents.remove(&key)?;
            let SplitModuleIdentifier::Chunk(needed_by) = key else {
                return None;
            };
            Some(Chunk {
                needed_by,
                code_bytes: code_bytes(module, &info),
                info,
            })
        })
        .collect();
    while let Some((one, other)) = best_pair(&chunks) {
        let joined = chunks.swap_remove(other);
        let chunk = &mut chunks[one];
        chunk.needed_by.extend(joined.needed_by);
        chunk.code_bytes += joined.code_bytes;
        chunk.info.included_symbols.extend(joined.info.included_symbols);
    }
    for chunk in chunks {
        contents
            .entry(SplitModuleIdentifier::Chunk(chunk.needed_by))
            .or_default()
            .included_symbols
            .extend(chunk.info.included_symbols);
    }
}

/// The two chunks whose joining saves most, the lower index first; none when no joining saves anything.
fn best_pair(chunks: &[Chunk]) -> Option<(usize, usize)> {
    let mut best = (0, None);
    for (one, a) in chunks.iter().enumerate() {
        for (other, b) in chunks.iter().enumerate().skip(one + 1) {
            let both = a.needed_by.intersection(&b.needed_by).count() as u64;
            let only_a = a.needed_by.len() as u64 - both;
            let only_b = b.needed_by.len() as u64 - both;
            let saved = (FILE_BYTES * both).saturating_sub(a.code_bytes * only_b + b.code_bytes * only_a);
            if saved > best.0 {
                best = (saved, Some((one, other)));
            }
        }
    }
    best.1
}

fn code_bytes(module: &InputModule, info: &OutputModuleInfo) -> u64 {
    let imported = module.imported_funcs.len();
    info.included_symbols
        .iter()
        .filter_map(|symbol| match symbol {
            DepNode::Function(id) => id.checked_sub(imported),
            _ => None,
        })
        .map(|defined| {
            let body = module.defined_funcs[defined].body.range();
            body.end - body.start
        })
        .sum()
}
