//! The tables of the chat.

use diesel::{joinable, table};

table! {
    chat_threads (id) {
        id -> Text,
        account_id -> Text,
        title -> Text,
        placement -> Text,
        epoch -> Text,
        head -> BigInt,
        floor -> BigInt,
        created_by -> Nullable<Text>,
        created_at -> Timestamp,
        active_at -> Timestamp,
    }
}

table! {
    chat_members (thread_id, user_id) {
        thread_id -> Text,
        user_id -> Text,
        is_staff -> Bool,
        joined_at -> Timestamp,
        left_at -> Nullable<Timestamp>,
        read_seq -> BigInt,
    }
}

table! {
    chat_events (thread_id, seq) {
        thread_id -> Text,
        seq -> BigInt,
        kind -> Text,
        at -> Timestamp,
        by_user -> Nullable<Text>,
        cid -> Nullable<Text>,
        item_id -> Nullable<Text>,
        data -> Text,
    }
}

table! {
    chat_items (id) {
        id -> Text,
        thread_id -> Text,
        seq -> BigInt,
        by_user -> Nullable<Text>,
        cid -> Nullable<Text>,
        reply_to -> Nullable<Text>,
        status -> Text,
        body -> Nullable<Text>,
        at -> Timestamp,
        edited_at -> Nullable<Timestamp>,
    }
}

table! {
    chat_sends (sender_id, cid) {
        sender_id -> Text,
        cid -> Text,
        kind -> Text,
        thread_id -> Text,
        item_id -> Text,
        seq -> BigInt,
        at -> Timestamp,
    }
}

table! {
    chat_user_logs (user_id) {
        user_id -> Text,
        epoch -> Text,
        head -> BigInt,
    }
}

table! {
    chat_user_events (user_id, seq) {
        user_id -> Text,
        seq -> BigInt,
        kind -> Text,
        at -> Timestamp,
        data -> Text,
    }
}

table! {
    chat_settings (user_id) {
        user_id -> Text,
        shows_presence -> Bool,
        shows_last_seen -> Bool,
        shows_typing -> Bool,
        shows_reading -> Bool,
        is_discoverable -> Bool,
        retention_days -> Nullable<Integer>,
    }
}

table! {
    chat_blocks (user_id, blocked_id) {
        user_id -> Text,
        blocked_id -> Text,
    }
}

table! {
    chat_accounts (account_id) {
        account_id -> Text,
        retention_days -> Nullable<Integer>,
        is_held -> Bool,
    }
}

table! {
    chat_leases (connection_id) {
        connection_id -> Text,
        user_id -> Text,
        state -> Text,
        expires_at -> Timestamp,
    }
}

table! {
    chat_seen (user_id) {
        user_id -> Text,
        at -> Timestamp,
    }
}

joinable!(chat_members -> chat_threads (thread_id));
