//! One suite for every store: what a bucket promises, whatever it lies on. And what it says of stores that keep no promise.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod blobs;
mod cards;
mod collection;
mod examination;
mod history;
mod jobs;
mod logs;
mod names;
mod notices;
mod publishing;
mod requests;
mod results;
mod runners;
mod settings;
#[path = "../support/mod.rs"]
mod support;
mod unsafe_stores;

macro_rules! cases {
    ($kind:expr; $($module:ident: $($case:ident),+;)+) => { $($(
        #[tokio::test]
        async fn $case() {
            crate::$module::$case(crate::support::stores::Stored::of($kind)).await;
        }
    )+)+ };
}

macro_rules! suite {
    ($store:ident, $kind:expr) => {
        mod $store {
            #[allow(unused_imports, reason = "half of the kinds are servers")]
            use crate::support::stores::Kind;
            #[allow(unused_imports, reason = "half of the kinds are servers")]
            use tmpl_testing::Store;

            cases! { $kind;
                blobs: a_blob_is_stored_in_parts_and_read_back, a_small_blob_is_stored_once,
                    a_corrupt_blob_is_found_and_replaced, a_blob_that_changes_while_it_is_stored_is_none,
                    blobs_are_copied_to_another_bucket;
                publishing: versions_come_and_go_and_come_back, a_list_names_every_template;
                jobs: a_job_is_accepted_attempted_and_ended_once, a_job_is_stopped_once,
                    a_drain_that_was_refused_may_be_asked_for_again, a_job_is_deleted,
                    the_first_graph_stays_and_the_newest_figures_hold;
                logs: a_log_is_the_same_before_and_after_it_is_compacted;
                history: jobs_come_in_pages_newest_first, every_filter_finds_its_jobs,
                    an_index_that_is_gone_is_made_again;
                results: rows_and_artifacts_are_read_in_order;
                names: a_name_has_one_active_job, a_key_has_one_launch;
                notices: a_notice_is_sent_by_one;
                settings: settings_are_changed_in_turn;
                runners: runners_are_saved_listed_and_deleted, of_two_who_save_a_runner_one_is_told_to_look_again,
                    a_damaged_runner_is_named_and_the_others_are_listed;
                cards: cards_are_saved_listed_and_deleted, of_two_who_save_a_card_one_is_told_to_look_again,
                    a_damaged_card_is_named_and_the_others_are_listed, the_audit_is_read_newest_first;
                collection: what_nobody_needs_is_collected, a_dry_run_deletes_nothing,
                    what_somebody_relies_on_stays, what_a_runner_names_stays, old_jobs_and_logs_go;
                examination: a_store_is_examined_step_by_step, writers_create_overwrite_and_delete;
            }
        }
    };
}

suite!(folder, Kind::Folder);
suite!(memory, Kind::Memory);
suite!(moto, Kind::Server(Store::Moto));
suite!(minio, Kind::Server(Store::Minio));
suite!(fake_gcs, Kind::Server(Store::FakeGcs));
suite!(azurite, Kind::Server(Store::Azurite));
