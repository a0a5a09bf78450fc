drop table chat_sends;
drop table chat_items;
drop table chat_events;
drop table chat_members;
drop table chat_threads;
