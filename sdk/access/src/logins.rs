//! Whether a password is right: checked off the threads that answer requests, few at once, remembered for a while.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use aws_lc_rs::hmac;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::failures::Failures;
use crate::forgetful::Forgetful;
use crate::htpasswd::{Hash, HtpasswdError, Users};

/// How often the file is looked at, at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a right password need not be checked again: a build pulls many layers, and who was right is not slowed by
/// others who guess at the same user from the same address. Another password in the file ends it at once.
const GOOD_FOR: Duration = Duration::from_secs(12 * 3600);
/// How many right passwords are remembered.
const REMEMBERED: usize = 4096;
/// How many are checked at once: each takes a core, and argon2 memory.
const MOST_AT_ONCE: usize = 4;
/// How long a login waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why somebody is not logged in.
#[derive(Debug, PartialEq, Eq)]
pub enum LoginError {
    /// There is no such user, or this is not their password.
    Wrong,
    /// Too many failures; when to try again.
    Slowed(Duration),
    /// Too many logins at once.
    Busy,
}

/// Who can log in, from a file that may change.
pub struct Logins {
    file: PathBuf,
    users: RwLock<Arc<Users>>,
    looking: Mutex<Look>,
    turns: Arc<Semaphore>,
    /// Held before a turn by those whose address is suspect, so that they cannot take all turns from others.
    suspects: Arc<Semaphore>,
    /// Of this process only.
    secret: hmac::Key,
    good: Mutex<Forgetful<Box<[u8]>, ()>>,
    failures: Failures,
}

/// What was last seen of the file.
struct Look {
    next: Instant,
    bytes: Arc<[u8]>,
    failure: Option<String>,
}

impl Logins {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or a line is not as it has to be.
    ///
    /// # Panics
    /// The system gives no random numbers.
    pub fn open(file: PathBuf) -> Result<Self, HtpasswdError> {
        let (users, bytes) = Users::read(&file)?;
        let secret = hmac::Key::generate(hmac::HMAC_SHA256, &aws_lc_rs::rand::SystemRandom::new())
            .expect("the system gives random numbers");
        let at_once = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).clamp(2, MOST_AT_ONCE);
        Ok(Self {
            file,
            users: RwLock::new(Arc::new(users)),
            looking: Mutex::new(Look { next: Instant::now() + LOOK_EVERY, bytes: bytes.into(), failure: None }),
            turns: Arc::new(Semaphore::new(at_once)),
            suspects: Arc::new(Semaphore::new(1)),
            secret,
            good: Mutex::new(Forgetful::new(REMEMBERED, GOOD_FOR)),
            failures: Failures::new(),
        })
    }

    /// The users, as the file has them now or had them last when it was in order.
    pub async fn users(self: &Arc<Self>) -> Arc<Users> {
        let due = {
            let mut look = lock(&self.looking);
            let now = Instant::now();
            let due = now >= look.next;
            if due {
                look.next = now + LOOK_EVERY;
            }
            due
        };
        if due {
            let logins = Arc::clone(self);
            // A panic there would leave the users as they are.
            let _ = tokio::task::spawn_blocking(move || logins.look()).await;
        }
        Arc::clone(&self.users.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file again. Its bytes are compared, as its times may be those of what it was before.
    fn look(&self) {
        let read = std::fs::read(&self.file);
        let seen = Arc::clone(&lock(&self.looking).bytes);
        let outcome = match read {
            Ok(bytes) if *bytes == *seen => Ok(None),
            Ok(bytes) => Users::parse(&self.file, &bytes).map(|users| Some((users, bytes))),
            Err(error) => Err(HtpasswdError::Unreadable { path: self.file.clone(), error }),
        };
        let mut look = lock(&self.looking);
        match outcome {
            Ok(changed) => {
                look.failure = None;
                if let Some((users, bytes)) = changed {
                    look.bytes = bytes.into();
                    *self.users.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(users);
                    tracing::info!(file = %self.file.display(), "the users were read again");
                }
            }
            Err(error) => {
                let error = error.to_string();
                // Once is enough.
                if look.failure.as_ref() != Some(&error) {
                    tracing::error!(%error, "the users stay as they were");
                    look.failure = Some(error);
                }
            }
        }
    }

    /// Whether this is a user's password. Takes as long where there is no such user.
    ///
    /// # Errors
    /// Why they are not logged in.
    pub async fn check(
        self: &Arc<Self>,
        address: IpAddr,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<(), LoginError> {
        let users = self.users().await;
        let known = users.get(name).map(|hash| (hash.clone(), self.proof(name, &password, hash)));
        if self.is_good(known.as_ref()) {
            return Ok(());
        }
        self.failures.check(address, name, Instant::now()).map_err(LoginError::Slowed)?;
        let turn = tokio::time::timeout(PATIENCE, self.turn(address)).await.map_err(|_| LoginError::Busy)?;
        // While this one waited, another may have got it right, or several wrong.
        if self.is_good(known.as_ref()) {
            return Ok(());
        }
        self.failures.check(address, name, Instant::now()).map_err(LoginError::Slowed)?;
        let (logins, name) = (Arc::clone(self), name.to_owned());
        let checked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            logins.try_now(address, &name, &password, known, &users)
        });
        // What it found is counted there, even if nobody waits for it any more.
        match checked.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(LoginError::Wrong),
        }
    }

    /// One of the few turns to check a password.
    async fn turn(&self, address: IpAddr) -> (Option<OwnedSemaphorePermit>, OwnedSemaphorePermit) {
        let acquire =
            async |turns: &Arc<Semaphore>| Arc::clone(turns).acquire_owned().await.expect("neither is ever closed");
        let suspect = match self.failures.is_suspect(address, Instant::now()) {
            true => Some(acquire(&self.suspects).await),
            false => None,
        };
        (suspect, acquire(&self.turns).await)
    }

    /// Tries a password, slowly.
    fn try_now(
        &self,
        address: IpAddr,
        name: &str,
        password: &str,
        known: Option<(Hash, Box<[u8]>)>,
        users: &Users,
    ) -> bool {
        match known {
            Some((hash, proof)) if hash.verifies(password) => {
                self.failures.forget(address, name);
                lock(&self.good).put(proof, (), Instant::now());
                return true;
            }
            // People type their password where the name belongs: a name that is not known is not logged.
            Some(_) => tracing::warn!(%address, user = name, "a login failed: the password is wrong"),
            None => {
                let seed = hmac::sign(&self.secret, name.as_bytes());
                let seed = seed.as_ref().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
                if let Some(hash) = users.stand_in(seed) {
                    hash.verifies(password);
                }
                tracing::warn!(%address, "a login failed: there is no such user");
            }
        }
        self.failures.count(address, name, Instant::now());
        false
    }

    /// What a right password is remembered by: useless outside this process, and once the file has another hash.
    fn proof(&self, name: &str, password: &str, hash: &Hash) -> Box<[u8]> {
        let mut context = hmac::Context::with_key(&self.secret);
        for part in [name.as_bytes(), password.as_bytes(), hash.as_bytes()] {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part);
        }
        context.sign().as_ref().into()
    }

    fn is_good(&self, known: Option<&(Hash, Box<[u8]>)>) -> bool {
        known.is_some_and(|(_, proof)| lock(&self.good).get(proof, Instant::now()).is_some())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn line(name: &str, password: &str) -> String {
        format!("{name}:{}\n", bcrypt::hash(password, 4).unwrap())
    }

    fn logins(lines: &str) -> (tempfile::TempDir, Arc<Logins>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users");
        std::fs::write(&file, lines).unwrap();
        (folder, Arc::new(Logins::open(file).unwrap()))
    }

    async fn check(logins: &Arc<Logins>, name: &str, password: &str) -> Result<(), LoginError> {
        logins.check(HOME, name, password.to_owned().into()).await
    }

    #[tokio::test]
    async fn right_and_wrong() {
        let (_folder, logins) = logins(&(line("a", "one") + &line("b", "two")));
        assert_eq!(check(&logins, "a", "one").await, Ok(()));
        assert_eq!(check(&logins, "b", "two").await, Ok(()));
        for (name, password) in [("a", "two"), ("b", "one"), ("c", "one"), ("a", ""), ("", "")] {
            assert_eq!(check(&logins, name, password).await, Err(LoginError::Wrong), "{name} {password}");
        }
        let (_folder, nobody) = tests::logins("");
        assert_eq!(check(&nobody, "a", "one").await, Err(LoginError::Wrong));
    }

    /// No time passes, however long a guess takes.
    #[tokio::test(start_paused = true)]
    async fn guessing_is_slowed_but_not_for_who_was_right() {
        let (_folder, logins) = logins(&line("a", "one"));
        assert_eq!(check(&logins, "a", "one").await, Ok(()));
        let mut slowed = None;
        for guess in 0..10 {
            match check(&logins, "a", &format!("guess {guess}")).await {
                Err(LoginError::Wrong) => {}
                other => slowed = slowed.or(Some((guess, other))),
            }
        }
        assert!(matches!(slowed, Some((6, Err(LoginError::Slowed(_))))), "{slowed:?}");
        assert_eq!(check(&logins, "a", "one").await, Ok(()), "it is remembered");
        // The same for a name that is not there: it must not be told apart.
        let mut slowed = None;
        for guess in 0..10 {
            if let Err(LoginError::Slowed(_)) = check(&logins, "nobody", "x").await {
                slowed = slowed.or(Some(guess));
            }
        }
        assert_eq!(slowed, Some(6));
    }

    /// Behind one address (a NAT, a proxy) one client's wrong passwords are not everybody's.
    #[tokio::test(start_paused = true)]
    async fn others_at_the_same_address_are_not_locked_out() {
        let (_folder, logins) = logins(&(line("a", "one") + &line("b", "two")));
        for guess in 0..60 {
            assert_eq!(check(&logins, &format!("name {guess}"), "x").await, Err(LoginError::Wrong));
            let _ = check(&logins, "b", &format!("guess {guess}")).await;
        }
        assert!(logins.failures.is_suspect(HOME, Instant::now()));
        assert_eq!(check(&logins, "a", "one").await, Ok(()));
        assert!(matches!(check(&logins, "b", "two").await, Err(LoginError::Slowed(_))), "it was guessed at");
    }

    /// Those who try many names wait for each other, and nobody else waits for them.
    #[tokio::test(start_paused = true)]
    async fn suspects_leave_turns_to_others() {
        let (_folder, logins) = logins(&line("a", "one"));
        let [suspect, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse::<IpAddr>().unwrap());
        for n in 0..100 {
            logins.failures.count(suspect, &n.to_string(), Instant::now());
        }
        let turn = logins.turn(suspect).await;
        assert!(tokio::time::timeout(PATIENCE, logins.turn(suspect)).await.is_err());
        assert!(tokio::time::timeout(PATIENCE, logins.turn(other)).await.is_ok());
        assert_eq!(logins.check(suspect, "a", "one".to_owned().into()).await, Err(LoginError::Busy));
        drop(turn);
        assert_eq!(logins.check(suspect, "a", "one".to_owned().into()).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_file_changes() {
        let (folder, logins) = logins(&line("a", "one"));
        let file = folder.path().join("users");
        assert_eq!(check(&logins, "a", "one").await, Ok(()));
        std::fs::write(&file, line("a", "new")).unwrap();
        tokio::time::advance(LOOK_EVERY).await;
        assert_eq!(check(&logins, "a", "one").await, Err(LoginError::Wrong), "what is remembered is out of date");
        assert_eq!(check(&logins, "a", "new").await, Ok(()));
        for broken in [&b"a:{SHA}x\n"[..], b"\xff\n"] {
            std::fs::write(&file, broken).unwrap();
            tokio::time::advance(LOOK_EVERY).await;
            assert_eq!(check(&logins, "a", "new").await, Ok(()), "the last good file counts");
            assert!(lock(&logins.looking).failure.is_some());
        }
        std::fs::remove_file(&file).unwrap();
        tokio::time::advance(LOOK_EVERY).await;
        assert!(logins.users().await.get("a").is_some());
        std::fs::write(&file, line("b", "two")).unwrap();
        tokio::time::advance(LOOK_EVERY).await;
        assert_eq!(check(&logins, "b", "two").await, Ok(()));
        assert_eq!(check(&logins, "a", "new").await, Err(LoginError::Wrong));
    }
}
