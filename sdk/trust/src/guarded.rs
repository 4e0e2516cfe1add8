//! Files that decide whom or what to trust: read only where nobody else can have written them.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, StatVfsMountFlags};

/// Who may write to a file or folder besides its owner.
const GROUP: u32 = 0o020;
const EVERYONE: u32 = 0o002;
/// In a folder with this bit, files are moved and removed by their owners only (`/tmp`).
const STICKY: u32 = 0o1000;

/// Reads a file that all trust hangs on, of so many bytes at most.
///
/// It must belong to root or to the user that this program runs as, and nobody else may write to it, nor to a folder above
/// it, where another file could be put in its place. A group that has its owner's number is the owner's own, as
/// distributions make it for each user. What lies on a file system that is mounted read-only nobody writes to here, whatever
/// its mode says: so Kubernetes mounts a ConfigMap, with the mode 0777.
///
/// # Errors
/// Others may write it, it cannot be read, or it is too long. The error says which file or folder, and what to do.
pub fn read_guarded(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // A named pipe would be waited for.
    let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    let facts = file.metadata()?;
    if facts.file_type().is_fifo() || facts.file_type().is_socket() {
        return Err(io::Error::other(format!("{} is no regular file", path.display())));
    }
    check(&Facts::of(path, &facts))?;
    // Where it is behind a link, that may be turned as well: so both ways are looked at.
    for way in [std::path::absolute(path)?, path.canonicalize()?] {
        for folder in way.ancestors().skip(1) {
            check(&Facts::of(folder, &folder.metadata()?))?;
        }
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::Error::other(format!("it has more than {most} bytes"))),
        false => Ok(bytes),
    }
}

/// What is known of a file or folder.
struct Facts {
    path: PathBuf,
    owner: u32,
    group: u32,
    mode: u32,
    folder: bool,
    read_only: bool,
    user: u32,
}

impl Facts {
    fn of(path: &Path, facts: &std::fs::Metadata) -> Self {
        let user = rustix::process::geteuid().as_raw();
        let mounted = rustix::fs::statvfs(path).map(|facts| facts.f_flag);
        let read_only = mounted.is_ok_and(|flags| flags.contains(StatVfsMountFlags::RDONLY));
        Self {
            path: path.to_owned(),
            owner: facts.uid(),
            group: facts.gid(),
            mode: facts.mode(),
            folder: facts.is_dir(),
            read_only,
            user,
        }
    }
}

fn check(facts: &Facts) -> io::Result<()> {
    let Facts { path, owner, group, mode, folder, read_only, user } = facts;
    let path = path.display();
    if ![0, *user].contains(owner) {
        return Err(io::Error::other(format!(
            "{path} belongs to the user with the id {owner}, who could change it; chown it to root, or to who runs lanner"
        )));
    }
    let guarded = *read_only || (*folder && mode & STICKY != 0);
    let others = if group == owner { EVERYONE } else { GROUP | EVERYONE };
    if mode & others != 0 && !guarded {
        return Err(io::Error::other(format!(
            "others may write to {path} (its mode is {:04o}), and so have a say in whom and what is trusted; chmod go-w {path}",
            mode & 0o7777
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("its mode is set");
    }

    #[test]
    fn what_others_may_write_is_not_read() {
        let top = tempfile::tempdir().expect("a folder");
        let folder = top.path().join("folder");
        fs::create_dir(&folder).expect("a folder");
        let file = folder.join("file");
        fs::write(&file, "text").expect("a file");
        let refused = |path: &Path| read_guarded(path, 10).expect_err("refused").to_string();
        mode(&folder, 0o755);
        for good in [0o600, 0o644, 0o444, 0o755] {
            mode(&file, good);
            assert_eq!(read_guarded(&file, 10).expect("nobody else may write it"), b"text");
        }
        for bad in [0o646, 0o602, 0o777] {
            mode(&file, bad);
            assert!(refused(&file).contains("chmod go-w") && refused(&file).contains("file"), "{bad:o}");
        }
        mode(&file, 0o600);
        mode(&folder, 0o777);
        assert!(refused(&file).contains(&format!("others may write to {} (its mode is 0777)", folder.display())));
        // A link in a good place to it is no better.
        let link = top.path().join("link");
        symlink(&file, &link).expect("a link");
        assert!(refused(&link).contains("0777"));
        mode(&folder, 0o1777);
        assert!(read_guarded(&file, 10).is_ok() && read_guarded(&link, 10).is_ok(), "as /tmp is");
        assert!(read_guarded(&file, 3).expect_err("too long").to_string().contains("more than 3 bytes"));
    }

    #[test]
    fn who_else_owns_it_could_write_it() {
        let facts = |owner, group, mode, user| Facts {
            path: "/any".into(),
            owner,
            group,
            mode,
            folder: false,
            read_only: false,
            user,
        };
        for good in [facts(0, 5, 0o644, 1000), facts(1000, 5, 0o644, 1000), facts(1000, 1000, 0o664, 1000)] {
            assert!(check(&good).is_ok());
        }
        for other in [facts(1000, 5, 0o644, 0), facts(1001, 5, 0o600, 1000)] {
            assert!(check(&other).expect_err("refused").to_string().contains("chown it to root"));
        }
        assert!(
            check(&facts(1000, 100, 0o664, 1000)).expect_err("a group of others").to_string().contains("chmod go-w")
        );
    }

    #[test]
    fn where_nothing_can_be_written_modes_do_not_matter() {
        let folder = tempfile::tempdir().expect("a folder");
        let mount = |options: &[&str]| {
            let mounted = std::process::Command::new("mount").args(options).arg(folder.path()).output();
            mounted.is_ok_and(|output| output.status.success())
        };
        if !mount(&["-t", "tmpfs", "-o", "size=64k,mode=0777", "none"]) {
            println!("skipped: nothing can be mounted");
            return;
        }
        let file = folder.path().join("file");
        fs::write(&file, "text").expect("a file");
        let open = read_guarded(&file, 10).map_err(|error| error.to_string());
        let remounted = mount(&["-o", "remount,ro"]);
        let closed = read_guarded(&file, 10).map_err(|error| error.to_string());
        let _ = std::process::Command::new("umount").arg(folder.path()).status();
        assert!(open.is_err_and(|why| why.contains("0777")));
        assert!(remounted && closed.as_deref() == Ok(b"text"), "{closed:?}");
    }
}
