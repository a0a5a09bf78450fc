//! What the assistant writes while it writes it: pieces in order, and the whole when a piece is missing.

use std::collections::BTreeMap;

use super::effects::{Effect, Out};
use crate::{
    chat::server_frames::{StreamDelta, StreamSnap},
    ids::ItemId,
};

/// More at once than anybody reads; the oldest item gives way, and its `item.done` brings its text.
const MOST: usize = 64;

#[derive(Debug, Clone, Default)]
pub struct Streams {
    /// The last piece that came, of each running stream.
    last: BTreeMap<ItemId, u64>,
}

impl Streams {
    /// For `hello`: the server sends the rest of each.
    pub fn positions(&self) -> BTreeMap<ItemId, u64> {
        self.last.clone()
    }

    pub fn begin(&mut self, item: ItemId) {
        self.last.entry(item).or_insert(0);
        if self.last.len() > MOST {
            self.last.pop_first();
        }
    }

    pub fn snap(&mut self, snap: StreamSnap, out: &mut Out) {
        if self.last.get(&snap.item).is_some_and(|last| *last > snap.i) {
            return;
        }
        self.begin(snap.item);
        self.last.insert(snap.item, snap.i);
        out.push(Effect::StreamSet {
            item: snap.item,
            text: snap.s,
        });
    }

    /// A piece that is not the next one is dropped: a snap or the end brings what is missing.
    pub fn delta(&mut self, delta: StreamDelta, out: &mut Out) {
        if delta.i == 1 {
            self.begin(delta.item);
        }
        let Some(last) = self.last.get_mut(&delta.item).filter(|last| delta.i == **last + 1) else {
            return;
        };
        *last = delta.i;
        out.push(Effect::StreamAppend {
            item: delta.item,
            text: delta.s,
        });
    }

    /// Its event says everything.
    pub fn done(&mut self, item: ItemId) {
        self.last.remove(&item);
    }
}
