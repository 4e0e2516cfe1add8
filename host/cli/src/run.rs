//! `lanner run`: judge what happens on this machine, live.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use lanner_config::Place;
use lanner_console::{Console, Opening, Shown};
use lanner_control::socket::Followers;
use lanner_control::status::About;
use lanner_control::{Control, Openings, notify, self_test};
use lanner_engine::{Order, Runtime};
use lanner_finding::{Findings, Labels};
use lanner_pack::{Board, Follower, Guard, ListFollower, MIN_INTERVAL, Reload, Watcher};
use lanner_pipeline::{Pipeline, PipelineError, Totals};
use lanner_sink::{Behind, Delivered, Delivery, Progress};
use lanner_source::record::Machine;
use lanner_source::{Live, Source};
use tokio::sync::Notify;

use super::buffer::Buffer;
use super::captures::Capturing;
use super::colour::Colour;
use super::config::{Configured, Parts, Reloading};
use super::console;
use super::control::Steering;
use super::lists;
use super::output::Output;
use super::rules::{FromRegistries, Loading, Ready, Rules, summary};
use super::signals::{AllSignals, Asked, Asks, Signals};
use super::sinks;
use super::standing::{self, parts, say_degraded};
use super::store::Keeping;
use super::tuning::{self, Tuned};
use super::watched::Watched;
use super::{Failure, duration};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Go by a configuration too: a file, or a folder with lanner.toml and conf.d/*.toml. What the command line and the
    /// environment say counts for more [default: /etc/lanner, where it has a lanner.toml and no --rules are named]
    #[arg(long, value_name = "PATH", env = "LANNER_CONFIG")]
    config: Option<PathBuf>,
    /// Go by no configuration
    #[arg(long)]
    no_config: bool,
    #[command(flatten)]
    pub(super) rules: Rules,
    #[command(flatten)]
    pub(super) output: Output,
    #[command(flatten)]
    keeping: Keeping,
    #[command(flatten)]
    capturing: Capturing,
    #[command(flatten)]
    sinks: sinks::MoreSinks,
    #[command(flatten)]
    pub(super) tuning: tuning::Options,
    /// Say this of the host in each finding, in its status and in its metrics; may be given several times
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// Give up, at the start, all capabilities that watching does not need
    #[arg(long)]
    drop_capabilities: bool,
    #[command(flatten)]
    buffer: Buffer,
    #[command(flatten)]
    steering: Steering,
    #[command(flatten)]
    console: console::Browsing,
    /// Stop after this time
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// Begin by doing a few harmless things that the rules must see, and say whether they did
    #[arg(long)]
    self_test: bool,
    /// Do not look for changed packs; SIGHUP still does
    #[arg(long)]
    no_reload: bool,
    /// Start also where rules are missing or refused, and wait for them
    #[arg(long, conflicts_with = "no_reload")]
    wait_for_rules: bool,
    /// Look in the registries whether names lead to other packs by now, about this often, and reload those that do
    #[arg(long, value_name = "INTERVAL", num_args = 0..=1, default_missing_value = "5m", value_parser = interval)]
    follow: Option<Duration>,
    /// What completed the command line.
    #[arg(skip)]
    pub(super) configured: Option<Configured>,
}

impl Arguments {
    /// The configuration that is to complete them.
    pub(super) fn place(&self) -> Option<Place> {
        match &self.config {
            _ if self.no_config => None,
            Some(path) => Some(Place::new(path)),
            None if self.rules.names_some() => None,
            None => Place::usual(),
        }
    }

    /// What is said of the host; of a name what is said last.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        self.labels.iter().cloned().collect()
    }

    pub(super) fn waits_for_rules(&self) -> bool {
        self.wait_for_rules
    }

    /// Takes up what the configuration says from now on, where there is one.
    fn watch_configuration(&self, parts: Parts) -> Result<Option<lanner_watch::Watch>, Failure> {
        let Some(configured) = &self.configured else { return Ok(None) };
        // What it was started with, read from its own copy.
        let arguments = configured.clone().run()?;
        Ok(Some(Reloading::start(configured.clone(), arguments, parts, !self.no_reload)?))
    }

    pub(super) fn drops_capabilities(&self) -> bool {
        self.drop_capabilities
    }
}

/// How long the rest may be judged, once it is to end. What is left then is counted, and said.
const JUDGING: Duration = Duration::from_secs(5);
/// How long it may take until it ends. Beyond it nobody reads the findings, and waiting is of no use.
const GRACE: Duration = Duration::from_secs(10);
/// How often it is looked whether a thread has ended by itself.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn run(arguments: &Arguments, colour: Colour) -> Result<ExitCode, Failure> {
    if arguments.output.is_events() {
        return Err("`lanner run` judges events and does not print them: use `lanner events` beside it, or `lanner record --output events`".into());
    }
    let began = Instant::now();
    let since = SystemTime::now();
    let signals = Signals::listen()?;
    let (socket, metrics) = (arguments.steering.claim()?, arguments.steering.listen()?);
    let console = arguments.console.open()?;
    if let Some(configured) = &arguments.configured {
        tracing::info!("going by the configuration {}", configured.named());
    }
    let kept_first = !arguments.no_reload;
    let loading = Loading { live: true, kept_first, waits: arguments.wait_for_rules, ..Loading::default() };
    let Ready { engine, verdicts, located, digests, remote, remote_lists } = arguments.rules.load(loading)?;
    let source = Live::start(arguments.buffer.bytes())?;
    let about = about(source.machine(), since);
    let labels = Labels::new(arguments.labels());
    let tuned = arguments.tuning.open(&about.hostname, &labels, true)?;
    let mut sinks = arguments.output.open(&about.hostname, &labels, colour)?;
    sinks.extend(arguments.keeping.open(&about.hostname, &labels, true)?);
    let capturing = arguments.capturing.open(source.machine())?;
    let (recent, captures) = capturing.unzip();
    sinks.extend(captures);
    let more_sinks = arguments.sinks.open(&about.hostname, &labels, &mut sinks)?;
    let followers = Followers::default();
    let socket = socket.and_then(|socket| socket.inspect_err(|error| tracing::warn!("{error}")).ok());
    if socket.is_some() || console.is_some() {
        let name = if socket.is_some() { "control socket" } else { "console" };
        sinks.push((name.to_owned(), followers.sink(&about.hostname, &labels)));
    }
    let kernel = about.kernel.clone();
    let runtime = engine.runtime().clone();
    let what = summary(engine.packs().map(|(_, pack)| pack));
    let expected = self_test::expected(&engine);
    let degraded = source.degraded();
    let (orders, obeyed) = channel();
    let mut pipeline = Pipeline::new(Box::new(source) as Box<dyn Source>, engine, Some(std::process::id()))?;
    if let Some(recent) = recent {
        pipeline = pipeline.remembering(recent);
    }
    let (seen, listeners) = (pipeline.seen(), pipeline.listeners());
    let (missing, board) = (located.missing.clone(), Board::default());
    let reload = if arguments.no_reload { Reload::WhenAsked } else { Reload::AsTheyChange };
    let watcher = Watcher::start(runtime.clone(), located, digests, board.clone(), orders.clone(), reload)?;
    let remote = remote.map(|remote| Remote::start(arguments, &runtime, remote, &board, &orders)).transpose()?;
    let (found, findings) = channel();
    let delivery = Delivery::start(
        tuned.tune(Findings::from(verdicts)),
        sinks,
        Behind::LeaveOut,
        arguments.self_test.then_some(found),
    )?;
    let tuning = Arc::new(Mutex::new(tuned.watch(board.clone())?));
    let lists = Arc::new(lists::watch(runtime.lists(), board.clone())?);
    let remote_lists = (!remote_lists.is_empty() && !arguments.no_reload).then(|| {
        let lists = lists.clone();
        ListFollower::start(remote_lists, (true, arguments.follow), board.clone(), move || lists.look())
    });
    let remote_lists = remote_lists.transpose()?;
    let pipeline = Running::start(pipeline, obeyed)?;
    let reload = Arc::<Notify>::default();
    let watched = Watched {
        about,
        orders: orders.clone(),
        standings: more_sinks.standings(delivery.standings()),
        tuner: tuned.tuner.clone(),
        lists: runtime.lists().clone(),
        labels: labels.clone(),
        board: board.clone(),
        listeners,
        steering: watcher.steering(),
        reload: reload.clone(),
    };
    let can_change = Parts {
        steering: watcher.steering(),
        lists: runtime.lists().clone(),
        tuner: tuned.tuner.clone(),
        tuning: tuning.clone(),
        labels,
        board: board.clone(),
    };
    let config = arguments.watch_configuration(can_change)?;
    let _sinks = arguments.sinks.watch(board.clone())?;
    let watched = Arc::new(watched);
    let _console = console.map(|opening| arguments.serve_console(opening, &followers, &watched)).transpose()?;
    let openings = Openings { socket, followers, metrics, watchdog: notify::watchdog_interval() };
    let _control = Control::start(watched, openings)?;
    let signals = signals.and_ends()?;
    tracing::info!("watching kernel {kernel} with {what}, ready after {:.0?}; Ctrl-C stops", began.elapsed());
    notify::ready();
    say_degraded(parts(degraded));
    for path in missing {
        tracing::warn!("there are no rules at {} yet: they are waited for", path.display());
    }
    if arguments.self_test {
        self_test::start(expected, seen, findings)?;
    }
    let host = Host {
        began,
        pipeline: &pipeline,
        delivery: &delivery,
        more_sinks: &more_sinks,
        orders: &orders,
        watcher,
        remote,
        tuned: &tuned,
        tuning,
        lists,
        remote_lists,
        config,
        board,
        reload,
    };
    let waited = host.wait(signals, arguments.duration);
    let totals = match waited {
        // It hangs.
        Err(failure) if !pipeline.0.is_finished() => return Err(failure),
        _ => pipeline.finish(),
    };
    if let Ok(Totals { unjudged: unjudged @ 1.., .. }) = totals {
        tracing::warn!("{unjudged} events that had arrived were not judged when it ended");
    }
    waited?;
    let Delivered { findings, left_out } = delivery.finish()?;
    if left_out > 0 {
        tracing::warn!("{left_out} findings were left out, as they were not taken in time");
    }
    let unsent = more_sinks.finish();
    if unsent > 0 {
        tracing::warn!("{unsent} findings waited for sinks in memory when it ended, and were not sent");
    }
    let Totals { events, lost, filtered, .. } = totals?;
    let took = began.elapsed();
    let excepted = tuned.finish();
    tracing::info!(
        "judged {events} events in {took:.1?}, {filtered} more were filtered out: {findings} findings{excepted}, \
         {lost} events lost"
    );
    Ok(ExitCode::SUCCESS)
}

/// What of this host does not change.
fn about(machine: &Machine, since: SystemTime) -> About {
    let since = since.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        hostname: machine.hostname.clone(),
        kernel: machine.kernel.clone(),
        since_ns: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
    }
}

/// The packs from registries, as they run.
struct Remote {
    guard: Guard,
    follower: Option<Follower>,
}

impl Remote {
    /// Watches over the trust in them, and follows the names of those that are not pinned: again and again where that is
    /// asked for, otherwise until each was looked at once.
    fn start(
        arguments: &Arguments,
        runtime: &Runtime,
        remote: FromRegistries,
        board: &Board,
        orders: &Sender<Order>,
    ) -> Result<Self, Failure> {
        let FromRegistries { obtainer, running, followed, pinned } = remote;
        if arguments.follow.is_some() {
            if let Some(pack) = pinned.first() {
                tracing::warn!("{pack} is not followed: the lock file says which pack it is");
            }
            if followed.is_empty() {
                return Err("there is nothing to follow: --follow is for packs that --rules names by a tag in a registry, and that no lock file pins".into());
            }
        }
        let follows = !arguments.no_reload && !followed.is_empty();
        let follower = match follows {
            true => Some(Follower::start(runtime, &obtainer, &running, board, followed, arguments.follow, orders)?),
            false => None,
        };
        let guard = Guard::start(obtainer, running, board.clone(), follower.clone(), orders.clone())?;
        Ok(Self { guard, follower })
    }

    /// Looks at the policy, and at the registries.
    fn look(&self) {
        self.guard.look();
        self.follower.iter().for_each(Follower::look);
    }
}

impl Arguments {
    /// Whether the sinks and what findings are kept in can be used; nothing is sent or written.
    ///
    /// # Errors
    /// They cannot.
    pub(super) fn check_outputs(&self) -> Result<(), Failure> {
        self.sinks.check()?;
        self.keeping.check()?;
        self.capturing.check()?;
        self.console.check()
    }

    /// Serves the console.
    fn serve_console(
        &self,
        opening: Opening,
        followers: &Followers,
        watched: &Arc<Watched>,
    ) -> Result<Console, Failure> {
        let store = self.keeping.path().map(Path::to_owned);
        let captures = self.capturing.folder();
        let shown = Shown { host: watched.clone(), followers: followers.clone(), store, captures };
        let console = Console::start(opening, shown)?;
        tracing::info!("the console is served at {}", console.url());
        Ok(console)
    }
}

/// `name=value`.
fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(_, value)| !value.is_empty())
        .ok_or_else(|| "it is written NAME=VALUE, such as environment=prod".to_owned())?;
    lanner_config::check_label(value)?;
    match lanner_config::is_label_name(name) {
        true => Ok((name.to_owned(), value.to_owned())),
        false => Err("a label is called by letters, digits and `_`, with no digit first".to_owned()),
    }
}

/// How often, as people write it.
fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    match interval < MIN_INTERVAL {
        true => Err(format!("at least {MIN_INTERVAL:?}")),
        false => Ok(interval),
    }
}

/// What that costs.
const UNWRITTEN: &str = "the last findings are not written";

/// The pipeline on its thread.
struct Running(std::thread::JoinHandle<Result<Totals, PipelineError>>);

impl Running {
    fn start(pipeline: Pipeline, orders: Receiver<Order>) -> std::io::Result<Self> {
        let thread = std::thread::Builder::new().name("lanner-events".into()).spawn(move || pipeline.run(&orders))?;
        Ok(Self(thread))
    }

    fn finish(self) -> Result<Totals, Failure> {
        match self.0.join() {
            Ok(totals) => Ok(totals?),
            Err(_) => Err("the thread that takes in events panicked".into()),
        }
    }
}

/// What runs, as far as it is asked for something.
struct Host<'a> {
    began: Instant,
    pipeline: &'a Running,
    delivery: &'a Delivery,
    more_sinks: &'a sinks::Running,
    orders: &'a Sender<Order>,
    watcher: Watcher,
    remote: Option<Remote>,
    tuned: &'a Tuned,
    tuning: Arc<Mutex<Option<lanner_tuning::Watch>>>,
    lists: Arc<lanner_lists::Watch>,
    remote_lists: Option<ListFollower>,
    config: Option<lanner_watch::Watch>,
    board: Board,
    /// Told when a reload is asked for otherwise than by a signal.
    reload: Arc<Notify>,
}

impl Host<'_> {
    /// Does what signals ask for, until one asks to end, the time is over, or a thread ends by itself; then has it all
    /// stopped, what is left not judged when the time for that is over, and waits until it has.
    fn wait(&self, signals: AllSignals, duration: Option<Duration>) -> Result<(), Failure> {
        signals.serve(async |asks| {
            let asked = self.serve(asks, duration).await;
            notify::stopping();
            tracing::info!(
                "stopping: what has arrived is judged first, for {JUDGING:?} at most; {} stops at once",
                if asked { "a second signal" } else { "who asks twice" }
            );
            self.stop(asks, asked).await
        })
    }

    /// Until it is to end; says whether it was asked to.
    async fn serve(&self, asks: &mut Asks, duration: Option<Duration>) -> bool {
        // A time that no clock can tell never comes.
        let end = duration.and_then(|duration| tokio::time::Instant::now().checked_add(duration));
        let over = async {
            match end {
                Some(end) => tokio::time::sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        let ended = async {
            while !self.pipeline.0.is_finished() && !self.delivery.is_finished() {
                tokio::time::sleep(LOOK).await;
            }
        };
        let asked = async {
            loop {
                let asked = tokio::select! {
                    asked = asks.next() => asked,
                    () = self.reload.notified() => Asked::Reload,
                };
                match asked {
                    Asked::Stop => return,
                    Asked::Reload => self.reload(),
                    Asked::Status => {
                        standing::say(self.orders, self.began, self.delivery.progress(), self.board.sentences());
                    }
                }
            }
        };
        tokio::select! {
            () = asked => true,
            () = over => false,
            () = ended => false,
        }
    }

    fn reload(&self) {
        tracing::info!(
            "asked to reload: looking at the rules, the tuning and the lists, and opening anew what findings are written to"
        );
        notify::reloading();
        self.delivery.reopen();
        self.more_sinks.reopen();
        self.tuned.reopen();
        self.config.iter().for_each(lanner_watch::Watch::look);
        self.tuning.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(lanner_tuning::Watch::look);
        self.lists.look();
        self.remote_lists.iter().for_each(ListFollower::look);
        self.watcher.look();
        self.remote.iter().for_each(Remote::look);
        notify::ready();
    }

    /// Has all of it end. Whoever `asked` for that has asked once; where the time was over, nobody has yet.
    async fn stop(&self, asks: &mut Asks, asked: bool) -> Result<(), Failure> {
        let order = |order| {
            // The pipeline may have ended by itself.
            let _ = self.orders.send(order);
        };
        order(Order::Stop);
        let end_of_judging = tokio::time::Instant::now() + JUDGING;
        let stopped = async {
            let mut judging = true;
            while !(self.pipeline.0.is_finished() && self.delivery.is_finished()) {
                if judging && tokio::time::Instant::now() >= end_of_judging {
                    order(Order::GiveUp);
                    judging = false;
                }
                tokio::time::sleep(LOOK / 10).await;
            }
        };
        let asked_again = async {
            for _ in usize::from(asked)..2 {
                while asks.next().await != Asked::Stop {}
            }
        };
        tokio::select! {
            () = stopped => Ok(()),
            () = asked_again => Err(format!("stopped at once, as asked twice; {UNWRITTEN}").into()),
            () = tokio::time::sleep(GRACE) => Err(self.hangs()),
        }
    }

    /// Why it did not stop in time.
    fn hangs(&self) -> Failure {
        if !self.pipeline.0.is_finished() {
            return format!(
                "not all was judged within {GRACE:?}: a call into a pack still runs (--pack-deadline), and what waits \
                 behind it is not judged"
            )
            .into();
        }
        let Progress { waiting, left_out, trouble, .. } = self.delivery.progress();
        let why = trouble.unwrap_or_else(|| "perhaps as nobody reads it".to_owned());
        let lost = waiting as u64 + left_out;
        format!("not all was written within {GRACE:?} ({why}): {lost} findings are lost").into()
    }
}
