use std::io;
use std::path::{Path, PathBuf};

use crate::StartError;
use crate::store::SharedStore;

/// The place of a server's data.
#[derive(Debug, Clone)]
pub(crate) enum Storage {
    Memory,
    Directory(PathBuf),
    /// In memory, used by other servers of this process too.
    Shared(SharedStore),
}

impl Storage {
    /// Creates the directory if it is missing, and returns the address of the storage for the server.
    pub(crate) fn prepare(&self) -> Result<String, StartError> {
        match self {
            Self::Memory | Self::Shared(_) => Ok("memory".to_owned()),
            Self::Directory(path) => directory_address(path).map_err(|source| {
                let path = path.clone();
                StartError::Path { path, source }
            }),
        }
    }

    /// Converts an error of the server about this storage.
    pub(crate) fn error(&self, reason: String) -> StartError {
        match self {
            Self::Memory | Self::Shared(_) => StartError::server(reason),
            Self::Directory(path) => StartError::Open { path: path.clone(), source: reason.into() },
        }
    }
}

fn directory_address(path: &Path) -> io::Result<String> {
    if path.exists() && !path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is a file, not a directory"));
    }
    std::fs::create_dir_all(path)?;
    let absolute = path.canonicalize()?.into_os_string().into_string();
    let absolute = absolute.map_err(|_| invalid("it is not valid UTF-8"))?;
    // The server reads the text after a question mark as options of the storage engine.
    if absolute.contains('?') {
        return Err(invalid("it contains a question mark"));
    }
    Ok(format!("surrealkv://{absolute}"))
}

fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}
