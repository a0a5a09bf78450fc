//! Budgets of this process, in memory that has a bound.
//!
//! A key that is idle is the same as no key, so forgetting it changes nothing. When a flood of addresses fills a
//! table all the same, the keys that used least go: whoever was near a limit stays near it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    Key,
    rules::{Quota, Rule, TooMany, take},
};

/// Keys of one quota; at some 40 bytes each, all tables together stay below 25 MB.
const MOST_KEYS: usize = 50_000;

/// One table per quota, so that a flood of one kind displaces nothing of another.
pub struct Memory {
    tables: [Mutex<Table>; Quota::ALL.len()],
}

type Table = HashMap<Key, i64>;

impl Memory {
    pub fn new() -> Self {
        Self {
            tables: Quota::ALL.map(|_| Mutex::default()),
        }
    }

    /// Takes one request at `now` (microseconds) from the budget of `key`.
    pub fn take(&self, quota: Quota, rule: Rule, key: Key, now: i64) -> Result<(), TooMany> {
        let mut table = self.table(quota);
        let next = take(rule, table.get(&key).copied(), now)?;
        if table.len() >= MOST_KEYS && !table.contains_key(&key) {
            make_room(&mut table, now);
        }
        table.insert(key, next);
        Ok(())
    }

    /// Gives `key` its whole budget back.
    pub fn forget(&self, quota: Quota, key: Key) {
        self.table(quota).remove(&key);
    }

    /// Forgets keys that are idle.
    pub fn purge(&self, now: i64) {
        for quota in Quota::ALL {
            let mut table = self.table(quota);
            table.retain(|_, whole_at| *whole_at > now);
            table.shrink_to_fit();
        }
    }

    /// Keys that are held, of all quotas.
    pub fn len(&self) -> usize {
        Quota::ALL.iter().map(|quota| self.table(*quota).len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn table(&self, quota: Quota) -> MutexGuard<'_, Table> {
        self.tables[quota as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// Drops idle keys, and if that is not enough the half that used least; once for many inserts, so it costs little.
fn make_room(table: &mut Table, now: i64) {
    table.retain(|_, whole_at| *whole_at > now);
    if table.len() <= MOST_KEYS / 2 {
        return;
    }
    let mut ends: Vec<(i64, Key)> = table.iter().map(|(key, whole_at)| (*whole_at, *key)).collect();
    let middle = ends.len() / 2;
    ends.select_nth_unstable(middle);
    for (_, key) in &ends[..middle] {
        table.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota::SignInPair;

    fn take_all(memory: &Memory, key: Key, now: i64) -> usize {
        (0..100)
            .filter(|_| memory.take(QUOTA, QUOTA.rule(), key, now).is_ok())
            .count()
    }

    #[test]
    fn a_flood_of_addresses_stays_bounded_and_frees_nobody() {
        let memory = Memory::new();
        assert_eq!(take_all(&memory, 7, 0), 10);
        for key in 1000..1_000_000 {
            memory.take(QUOTA, QUOTA.rule(), key, 0).unwrap();
        }
        assert!(memory.len() <= MOST_KEYS, "{}", memory.len());
        assert_eq!(take_all(&memory, 7, 0), 0, "the flood gave a used budget back");
    }

    #[test]
    fn idle_keys_are_forgotten() {
        let memory = Memory::new();
        for key in 0..1000 {
            memory.take(QUOTA, QUOTA.rule(), key, 0).unwrap();
        }
        memory.purge(QUOTA.rule().interval() - 1);
        assert_eq!(memory.len(), 1000);
        memory.purge(QUOTA.rule().interval());
        assert!(memory.is_empty());
    }

    #[test]
    fn a_budget_can_be_given_back() {
        let memory = Memory::new();
        assert_eq!(take_all(&memory, 7, 0), 10);
        memory.forget(QUOTA, 7);
        assert_eq!(take_all(&memory, 7, 0), 10);
    }
}
