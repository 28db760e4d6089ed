//! Azure Blob and Queue storage on a laptop, for development and tests.
