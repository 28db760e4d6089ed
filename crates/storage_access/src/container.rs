//! Containers and their listings.

use azure_core::http::XmlFormat;
use azure_core::http::pager::{PageIterator, PagerOptions};
use azure_storage_blob::BlobContainerClient;
use azure_storage_blob::models::{
    BlobContainerClientCreateOptions, BlobContainerClientListBlobsOptions, ListBlobsIncludeItem, ListBlobsResponse,
    PublicAccessType,
};
use futures::TryStreamExt;
use jiff::Timestamp;

use crate::document::Document;
use crate::encoding::{date, timestamp};
use crate::error::{Cause, StorageError};
use crate::etag::ETag;
use crate::storage::{Storage, client_or};

/// A blob container. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Container {
    pub(crate) storage: Storage,
    name: String,
}

/// Who may read a new container's blobs without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nobody.
    Private,
    /// Everybody who knows a blob's address; the account must allow anonymous access.
    PublicBlobs,
}

/// One blob of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// The blob's name, with its folders.
    pub name: String,
    /// Its version at the time of the listing.
    pub etag: Option<ETag>,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, by the service's clock.
    pub last_modified: Option<Timestamp>,
    /// When the service answered with this page, by the same clock.
    pub date: Option<Timestamp>,
    /// Its metadata, names in the case in which they were stored.
    pub metadata: Vec<(String, String)>,
}

/// A listing under way, page by page in the order of names. It is not a snapshot: blobs written meanwhile may be seen
/// or missed.
#[derive(Debug)]
pub struct Listing {
    pages: Option<PageIterator<azure_core::http::Response<ListBlobsResponse, XmlFormat>>>,
    resource: String,
}

impl Container {
    pub(crate) fn new(storage: Storage, name: &str) -> Self {
        Self {
            storage,
            name: name.to_owned(),
        }
    }

    /// The container's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The blob `path`, which need not exist.
    pub fn document(&self, path: &str) -> Document {
        Document::new(self.clone(), path)
    }

    /// Creates the container unless it exists; true if this call created it. An existing one keeps its access.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; an account that forbids anonymous access refuses [`Access::PublicBlobs`] with 409.
    pub async fn create_if_absent(&self, access: Access) -> Result<bool, StorageError> {
        const OPERATION: &str = "create container";
        let options = BlobContainerClientCreateOptions {
            access: (access == Access::PublicBlobs).then_some(PublicAccessType::Blob),
            method_options: self.storage.method_options(),
            ..Default::default()
        };
        match self.client(OPERATION)?.create(Some(options)).await {
            Ok(_) => Ok(true),
            Err(error) => {
                let error = StorageError::of(OPERATION, &self.name, &error);
                if error.code() == Some("ContainerAlreadyExists") {
                    Ok(false)
                } else {
                    Err(error)
                }
            }
        }
    }

    /// Lists the blobs whose names begin with `prefix`, at most `page_size` (up to 5,000) a page.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the connection has no blob address; the service's errors come from [`Listing::next_page`].
    pub fn list(&self, prefix: &str, page_size: u16) -> Result<Listing, StorageError> {
        const OPERATION: &str = "list";
        let options = BlobContainerClientListBlobsOptions {
            include: Some(vec![ListBlobsIncludeItem::Metadata]),
            maxresults: Some(i32::from(page_size.clamp(1, 5000))),
            prefix: (!prefix.is_empty()).then(|| prefix.to_owned()),
            method_options: PagerOptions {
                context: self.storage.request_context(),
                ..Default::default()
            },
            ..Default::default()
        };
        let resource = format!("blobs {}/{prefix}*", self.name);
        let pager = self
            .client(OPERATION)?
            .list_blobs(Some(options))
            .map_err(|error| StorageError::of(OPERATION, &resource, &error))?;
        Ok(Listing {
            pages: Some(pager.into_pages()),
            resource,
        })
    }

    pub(crate) fn client(&self, operation: &'static str) -> Result<BlobContainerClient, StorageError> {
        Ok(client_or(self.storage.blobs(), operation, &self.name)?.blob_container_client(&self.name))
    }
}

impl Listing {
    /// The next page, or `None` after the last. A page may be empty although more follow.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; the listing is then over.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Listed>>, StorageError> {
        let Some(pages) = &mut self.pages else { return Ok(None) };
        let page = match pages.try_next().await {
            Ok(Some(page)) => {
                let date = date(page.headers());
                page.into_model().map(|page| (page, date))
            }
            Ok(None) => {
                self.pages = None;
                return Ok(None);
            }
            Err(error) => Err(error),
        };
        match page {
            Ok((page, date)) => {
                let blobs = page.blob_items.into_iter();
                Ok(Some(blobs.filter_map(|blob| listed(blob, date)).collect()))
            }
            Err(error) => {
                self.pages = None;
                Err(StorageError::new("list", &self.resource, Cause::of(&error)))
            }
        }
    }
}

fn listed(item: azure_storage_blob::models::BlobItem, date: Option<Timestamp>) -> Option<Listed> {
    let properties = item.properties.unwrap_or_default();
    let mut metadata: Vec<(String, String)> = item
        .metadata
        .and_then(|metadata| metadata.values)
        .unwrap_or_default()
        .into_iter()
        .collect();
    metadata.sort();
    Some(Listed {
        name: item.name?,
        etag: properties.etag.map(|etag| ETag::normalized(etag.as_ref())),
        size: properties.content_length.unwrap_or_default(),
        last_modified: properties.last_modified.and_then(timestamp),
        date,
        metadata,
    })
}
