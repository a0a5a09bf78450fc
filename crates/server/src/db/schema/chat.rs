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

joinable!(chat_members -> chat_threads (thread_id));
