#!/usr/bin/env python3
"""Drives the emulator with Microsoft's own clients: azure-storage-blob and azure-storage-queue.

    official_clients.py <emulator binary> memory|folder

Starts the emulator on free ports, goes through the ways of the two libraries, and ends with 0 if all of them work.
"""

import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    AccountSasPermissions,
    BlobBlock,
    BlobLeaseClient,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    ContentSettings,
    CorsRule,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)
from azure.storage.queue import (
    BinaryBase64DecodePolicy,
    BinaryBase64EncodePolicy,
    QueueClient,
    QueueSasPermissions,
    QueueServiceClient,
    generate_queue_sas,
)


def refused(kind, status, code, call):
    """The call raises this kind of error with this status and code."""
    try:
        call()
    except kind as error:
        assert error.status_code == status, f"{error.status_code} instead of {status}: {error}"
        assert error.error_code == code, f"{error.error_code} instead of {code}"
        return
    raise AssertionError(f"not refused, expected {status} {code}")


def soon():
    return datetime.now(timezone.utc) + timedelta(hours=1)


def upload_and_download(service):
    box = service.create_container("files", metadata={"owner": "me"})
    assert box.get_container_properties().metadata == {"owner": "me"}
    text = box.upload_blob(
        "greeting.txt",
        b"hello",
        metadata={"colour": "green"},
        content_settings=ContentSettings(content_type="text/plain", cache_control="no-store"),
        validate_content=True,
    )
    properties = text.get_blob_properties()
    assert (properties.size, properties.metadata) == (5, {"colour": "green"})
    assert properties.content_settings.content_type == "text/plain"
    assert text.download_blob(validate_content=True).readall() == b"hello"
    assert text.download_blob(offset=1, length=3).readall() == b"ell"
    refused(ResourceExistsError, 409, "BlobAlreadyExists", lambda: text.upload_blob(b"again"))
    text.upload_blob(b"", overwrite=True)
    assert text.download_blob().readall() == b""
    refused(ResourceNotFoundError, 404, "BlobNotFound", lambda: box.download_blob("nothing"))
    assert not box.get_blob_client("nothing").exists() and text.exists()
    text.set_http_headers(ContentSettings(content_type="text/css"))
    text.set_blob_metadata({"size": "big"})
    properties = text.get_blob_properties()
    assert (properties.metadata, properties.content_settings.content_type) == ({"size": "big"}, "text/css")


def large_uploads_go_in_blocks(service):
    box = ContainerClient.from_connection_string(
        service_connection, "files", max_single_put_size=64 * 1024, max_block_size=64 * 1024, max_single_get_size=100_000, max_chunk_get_size=100_000
    )
    data = bytes(range(256)) * 4_000
    large = box.upload_blob("large", data, overwrite=True, max_concurrency=4)
    assert large.download_blob(max_concurrency=4).readall() == data
    blocks, _ = large.get_block_list("all")
    assert sum(block.size for block in blocks) == len(data)
    large.stage_block("QUFBQQ==", b"one ")
    large.stage_block("QkJCQg==", b"two")
    large.commit_block_list([BlobBlock("QUFBQQ=="), BlobBlock("QkJCQg==")])
    assert large.download_blob().readall() in (b"one two",)
    copy = box.get_blob_client("copy of large")
    assert copy.start_copy_from_url(large.url)["copy_status"] == "success"
    assert copy.download_blob().readall() == b"one two"


def conditions(service):
    blob = service.get_blob_client("files", "conditional")
    first = blob.upload_blob(b"1")["etag"]
    second = blob.upload_blob(b"2", overwrite=True, etag=first, match_condition=MatchConditions.IfNotModified)["etag"]
    assert first != second

    def stale():
        blob.upload_blob(b"3", overwrite=True, etag=first, match_condition=MatchConditions.IfNotModified)

    refused(ResourceModifiedError, 412, "ConditionNotMet", stale)
    unchanged = {"etag": second, "match_condition": MatchConditions.IfModified}
    refused(HttpResponseError, 304, "ConditionNotMet", lambda: blob.get_blob_properties(**unchanged))
    hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
    assert blob.get_blob_properties(if_modified_since=hour_ago).size == 1
    refused(ResourceModifiedError, 412, "ConditionNotMet", lambda: blob.delete_blob(if_unmodified_since=hour_ago))


def leases(service):
    blob = service.get_blob_client("files", "leased")
    blob.upload_blob(b"x")
    lease = blob.acquire_lease(15)
    refused(HttpResponseError, 412, "LeaseIdMissing", lambda: blob.upload_blob(b"y", overwrite=True))
    refused(ResourceExistsError, 409, "LeaseAlreadyPresent", lambda: BlobLeaseClient(blob).acquire(15))
    blob.upload_blob(b"y", overwrite=True, lease=lease)
    lease.renew()
    lease.change("11111111-2222-3333-4444-555555555555")
    properties = blob.get_blob_properties().lease
    assert (properties.state, properties.status, properties.duration) == ("leased", "locked", "fixed")
    assert BlobLeaseClient(blob).break_lease(5) <= 5
    lease.release()
    box = service.create_container("leased-box")
    held = box.acquire_lease()
    refused(HttpResponseError, 412, "LeaseIdMissing", box.delete_container)
    box.delete_container(lease=held)


def append(service):
    log = service.get_blob_client("files", "log")
    log.create_append_blob()
    log.append_block(b"one ", appendpos_condition=0)
    refused(HttpResponseError, 412, "AppendPositionConditionNotMet", lambda: log.append_block(b"x", appendpos_condition=0))
    log.append_block(b"two", maxsize_condition=7)
    assert log.download_blob().readall() == b"one two"
    assert log.get_blob_properties().append_blob_committed_block_count == 2
    log.upload_blob(b" three", blob_type="AppendBlob", overwrite=False)
    assert log.download_blob().readall() == b"one two three"


def listing(service):
    box = service.create_container("tree")
    names = ["a.txt", "b/1", "b/2", "c/d/e", "ümläut & <odd>.txt"]
    for name in names:
        box.upload_blob(name, b"x", metadata={"name": "n"})
    assert [blob.name for blob in box.list_blobs()] == names
    assert [blob.name for blob in box.list_blobs(results_per_page=2)] == names
    assert [blob.name for blob in box.list_blobs(name_starts_with="b/")] == ["b/1", "b/2"]
    assert all(blob.metadata == {"name": "n"} for blob in box.list_blobs(include=["metadata"]))
    top = [item.name for item in box.walk_blobs()]
    assert sorted(top) == sorted(["a.txt", "b/", "c/", "ümläut & <odd>.txt"])
    box.get_blob_client("pending").stage_block("QUFBQQ==", b"x")
    assert "pending" in [blob.name for blob in box.list_blobs(include=["uncommittedblobs"])]
    assert "tree" in [container.name for container in service.list_containers(name_starts_with="tr")]
    box.delete_blob("a.txt", delete_snapshots="include")
    box.delete_container()


def signatures_and_public_access(service):
    account, key = service.account_name, service.credential.account_key
    blob = service.get_blob_client("files", "signed file")
    blob.upload_blob(b"signed")
    read = generate_blob_sas(
        account, "files", "signed file", account_key=key, permission=BlobSasPermissions(read=True), expiry=soon(), content_type="text/css"
    )
    with urllib.request.urlopen(f"{blob.url}?{read}") as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (b"signed", "text/css")
    whole = generate_container_sas(
        account, "files", account_key=key, permission=ContainerSasPermissions(read=True, list=True), expiry=soon()
    )
    box = ContainerClient.from_container_url(f"{service.url}files?{whole}")
    assert "signed file" in [item.name for item in box.list_blobs()]
    refused(HttpResponseError, 403, "AuthorizationPermissionMismatch", lambda: box.upload_blob("other", b"x"))
    everything = generate_account_sas(
        account,
        account_key=key,
        resource_types=ResourceTypes(service=True, container=True, object=True),
        permission=AccountSasPermissions(read=True, write=True, list=True, create=True, delete=True),
        expiry=soon(),
    )
    by_account = BlobServiceClient(service.url, credential=everything)
    by_account.get_blob_client("files", "by account").upload_blob(b"x")
    forged = read.replace("sp=r", "sp=rw")
    try:
        urllib.request.urlopen(f"{blob.url}?{forged}")
        raise AssertionError("a forged signature was accepted")
    except urllib.error.HTTPError as error:
        assert (error.code, error.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")
    public = service.create_container("public", public_access="container")
    public.upload_blob("page", b"for all")
    with urllib.request.urlopen(public.get_blob_client("page").url) as answer:
        assert answer.read() == b"for all"
    assert public.get_container_access_policy()["public_access"] == "container"
    public.set_container_access_policy(signed_identifiers={})
    try:
        urllib.request.urlopen(public.get_blob_client("page").url)
        raise AssertionError("a private blob was served to anybody")
    except urllib.error.HTTPError as error:
        assert error.code == 404


def service_properties(service):
    rule = CorsRule(["http://site.test"], ["GET"], allowed_headers=["*"], exposed_headers=["*"], max_age_in_seconds=10)
    service.set_service_properties(cors=[rule])
    stored = service.get_service_properties()
    assert "http://site.test" in stored["cors"][0].allowed_origins, stored["cors"][0].allowed_origins
    assert service.get_account_information()["sku_name"] == "Standard_LRS"


def queues(service):
    queue = service.create_queue("work", metadata={"owner": "me"})
    assert queue.get_queue_properties().metadata == {"owner": "me"}
    sent = queue.send_message("first")
    queue.send_message("<second> & ü")
    queue.send_message("hidden", visibility_timeout=3600)
    queue.send_message("for ever", time_to_live=-1)
    assert queue.get_queue_properties().approximate_message_count == 4
    assert [message.content for message in queue.peek_messages(10)] == ["first", "<second> & ü", "for ever"]
    message = queue.receive_message(visibility_timeout=60)
    assert (message.id, message.content, message.dequeue_count) == (sent.id, "first", 1)
    updated = queue.update_message(message, content="changed", visibility_timeout=0)
    assert updated.pop_receipt != message.pop_receipt
    refused(HttpResponseError, 400, "PopReceiptMismatch", lambda: queue.delete_message(message))
    contents = []
    for page in queue.receive_messages(messages_per_page=2, visibility_timeout=60).by_page():
        for message in page:
            contents.append(message.content)
            queue.delete_message(message)
    assert sorted(contents) == sorted(["<second> & ü", "for ever", "changed"]), contents
    assert queue.receive_message() is None
    queue.clear_messages()
    assert queue.get_queue_properties().approximate_message_count == 0
    refused(HttpResponseError, 413, "RequestBodyTooLarge", lambda: queue.send_message("x" * 65_537))
    queue.set_queue_metadata({"team": "us"})
    assert [item.name for item in service.list_queues(name_starts_with="wo", include_metadata=True)] == ["work"]
    binary = QueueClient.from_connection_string(
        service_connection, "work", message_encode_policy=BinaryBase64EncodePolicy(), message_decode_policy=BinaryBase64DecodePolicy()
    )
    binary.send_message(bytes(range(256)))
    assert binary.receive_message().content == bytes(range(256))
    key = service.credential.account_key
    add = generate_queue_sas(service.account_name, "work", key, permission=QueueSasPermissions(add=True), expiry=soon())
    adder = QueueClient(service.url, "work", credential=add)
    adder.send_message("signed")
    refused(HttpResponseError, 403, "AuthorizationPermissionMismatch", adder.receive_message)
    queue.delete_queue()
    refused(ResourceNotFoundError, 404, "QueueNotFound", lambda: queue.send_message("late"))


BLOB_STEPS = [upload_and_download, large_uploads_go_in_blocks, conditions, leases, append, listing]
BLOB_STEPS += [signatures_and_public_access, service_properties]


def main():
    global service_connection
    binary, place = sys.argv[1], sys.argv[2]
    with tempfile.TemporaryDirectory() as data:
        where = ["--memory"] if place == "memory" else ["--folder", data]
        command = [binary, "--blob-port", "0", "--queue-port", "0", *where]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
            try:
                service_connection = next(line for line in emulator.stdout if "AccountKey" in line).strip()
                blobs = BlobServiceClient.from_connection_string(service_connection, retry_total=0)
                for step in BLOB_STEPS:
                    step(blobs)
                    print(f"{place}: {step.__name__.replace('_', ' ')}: ok")
                queues(QueueServiceClient.from_connection_string(service_connection, retry_total=0))
                print(f"{place}: queues: ok")
            finally:
                emulator.kill()


if __name__ == "__main__":
    main()
