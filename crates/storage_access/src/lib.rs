//! Clients for Blob and Queue storage, from app settings to typed operations.
