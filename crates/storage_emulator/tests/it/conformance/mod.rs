//! One suite of calls with the status and error code that the service answers, run against the emulator in process, in a
//! folder and over HTTP. `conformance/run.sh` names Azurite's addresses, and then the calls over HTTP go there.

mod append_blobs;
mod authorization;
mod blobs;
mod blocks;
mod conditions;
mod containers;
mod cross_origin;
mod leases;
mod listing;
mod messages;
mod queues;

macro_rules! suite {
    ($($subject:ident: $($case:ident)*;)*) => {
        mod in_process {
            use crate::wire::Target;
            $($(#[tokio::test]
            async fn $case() {
                super::$subject::$case(&Target::in_process()).await;
            })*)*
        }
        mod over_http {
            use crate::wire::Target;
            $($(#[tokio::test]
            async fn $case() {
                super::$subject::$case(&Target::named_or_over_http().await).await;
            })*)*
        }
        mod in_a_folder {
            use crate::wire::Target;
            use storage_emulator::Emulator;
            $($(#[tokio::test]
            async fn $case() {
                let folder = tempfile::tempdir().unwrap();
                let emulator = Emulator::builder().folder(folder.path()).build().unwrap();
                super::$subject::$case(&Target::of(emulator)).await;
            })*)*
        }
    };
}

suite! {
    containers: containers_are_created_once container_names_are_checked metadata_of_containers
        deleted_containers_are_gone missing_containers public_access_and_policies;
    blobs: blobs_come_back_as_they_went names_may_hold_anything ranges properties_and_metadata hashes_are_checked
        etags_change_with_every_write copies unknown_operations_are_refused_by_name every_answer_carries_the_services_headers;
    blocks: blocks_become_a_blob block_lists_are_checked blocks_wait_unseen_until_listed committed_blocks_can_be_kept;
    append_blobs: appending append_conditions append_only_to_append_blobs;
    conditions: reads_under_conditions writes_under_conditions creation_under_conditions dates_as_conditions
        conditions_together;
    leases: a_leased_blob_needs_its_lease lease_ids_and_durations_are_checked breaking_and_changing
        container_leases_guard_deletion;
    listing: prefix_and_delimiter pages what_to_include lists_of_containers_and_queues wrong_list_parameters;
    authorization: wrong_keys_and_dates account_signatures account_signatures_have_limits service_signatures_of_blobs
        service_signatures_of_queues anonymous_reads stored_policies;
    queues: queues_are_created_once queue_names_are_checked queue_metadata_and_count missing_queues;
    messages: a_message_goes_through messages_keep_any_text too_long_messages hidden_and_expiring_messages
        updating_messages receipts_are_checked peeking_and_clearing wrong_message_parameters;
    cross_origin: rules_are_stored_and_answered preflights;
}
