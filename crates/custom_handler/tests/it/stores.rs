//! A payload store that tests look into and break.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use custom_handler::{Bytes, PayloadStore, StoreFuture};
use futures::FutureExt;
use sha2::{Digest, Sha256};

#[derive(Default)]
pub(crate) struct MemoryStore {
    contents: Mutex<BTreeMap<String, Bytes>>,
    failing: AtomicBool,
}

impl MemoryStore {
    pub(crate) fn contents(&self) -> Vec<String> {
        let contents = self.contents.lock().unwrap();
        contents
            .values()
            .map(|content| String::from_utf8(content.to_vec()).unwrap())
            .collect()
    }

    /// Stores a content and gives the message that stands for it.
    pub(crate) fn claim(&self, content: &str) -> String {
        let hash: String = Sha256::digest(content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.contents
            .lock()
            .unwrap()
            .insert(hash.clone(), content.to_owned().into());
        format!(r#"{{"claim":1,"sha256":"{hash}","length":{}}}"#, content.len())
    }

    pub(crate) fn change_all(&self, to: &'static str) {
        self.contents
            .lock()
            .unwrap()
            .values_mut()
            .for_each(|content| *content = to.into());
    }

    pub(crate) fn clear(&self) {
        self.contents.lock().unwrap().clear();
    }

    pub(crate) fn fail(&self) {
        self.failing.store(true, Ordering::SeqCst);
    }
}

impl PayloadStore for MemoryStore {
    fn put_if_absent<'a>(&'a self, name: &'a str, content: Bytes) -> StoreFuture<'a, ()> {
        self.contents.lock().unwrap().entry(name.to_owned()).or_insert(content);
        async { Ok(()) }.boxed()
    }

    fn get<'a>(&'a self, name: &'a str) -> StoreFuture<'a, Option<Bytes>> {
        let found = self.contents.lock().unwrap().get(name).cloned();
        let failing = self.failing.load(Ordering::SeqCst);
        async move {
            if failing {
                Err("the store does not answer".into())
            } else {
                Ok(found)
            }
        }
        .boxed()
    }
}
