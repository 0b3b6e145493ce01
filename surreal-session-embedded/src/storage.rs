use std::io;
use std::path::{Path, PathBuf};

use crate::StartError;

/// Where a server keeps its data.
#[derive(Debug)]
pub(crate) enum Storage {
    Memory,
    Directory(PathBuf),
}

impl Storage {
    /// Makes the directory where it is missing, and returns the address by which the server knows the storage.
    pub(crate) fn prepare(&self) -> Result<String, StartError> {
        match self {
            Self::Memory => Ok("memory".to_owned()),
            Self::Directory(path) => directory_address(path).map_err(|source| {
                let path = path.clone();
                StartError::Path { path, source }
            }),
        }
    }

    /// Makes an error of what the server said about this storage.
    pub(crate) fn error(&self, reason: String) -> StartError {
        match self {
            Self::Memory => StartError::server(reason),
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
    // The server takes what follows a question mark for options of the storage engine.
    if absolute.contains('?') {
        return Err(invalid("it contains a question mark"));
    }
    Ok(format!("surrealkv://{absolute}"))
}

fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}
