//! What is looked for: each topic is a rule, named after its technique.

use serde::{Deserialize, Serialize};

/// What a rule says of itself.
pub(crate) struct Said {
    pub(crate) topic: Topic,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    /// Techniques, the most specific first.
    pub(crate) attack: &'static [&'static str],
    /// What is looked for, as messages say it.
    pub(crate) what: &'static str,
    pub(crate) misses: &'static str,
}

macro_rules! topics {
    ($($name:ident $id:literal $summary:literal [$($attack:literal),+] $what:literal $misses:literal;)+) => {
        /// What is looked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub(crate) enum Topic {
            $(#[doc = $summary] $name,)+
        }

        /// All rules that are made of acts.
        pub(crate) static TOPICS: &[Said] = &[
            $(Said {
                topic: Topic::$name,
                id: concat!("discovery/", $id),
                summary: $summary,
                attack: &[$($attack),+],
                what: $what,
                misses: $misses,
            },)+
        ];
    };
}

topics! {
    Accounts "local-accounts" "Somebody listed the accounts of the machine" ["T1087.001"]
        "the accounts of the machine" "a program of one's own that reads them by the C library";
    DomainAccounts "domain-accounts" "Somebody asked a directory for its users, computers or trusts"
        ["T1087.002", "T1482", "T1018"] "the accounts of the domain" "queries by programs that are not known for it";
    MailAccounts "mail-accounts" "Somebody looked for mail addresses" ["T1087.003"]
        "mail addresses" "address books in formats of other programs";
    CloudAccounts "cloud-accounts" "Somebody listed the users and roles of a cloud" ["T1087.004", "T1069.003"]
        "the accounts of the cloud" "requests by a program's own code";
    Groups "local-groups" "Somebody listed groups and what they may do" ["T1069.001"]
        "groups and their rights" "a program of one's own that reads them by the C library";
    DomainGroups "domain-groups" "Somebody listed the groups of a domain" ["T1069.002"]
        "the groups of the domain" "queries by programs that are not known for it";
    Owner "users-logged-in" "Somebody looked who is logged in, and as whom he runs himself" ["T1033"]
        "who is logged in" "a program of one's own that asks the kernel";
    System "system-information" "Somebody looked what machine and what system this is" ["T1082"]
        "the system" "a program of one's own that asks the kernel";
    Storage "local-storage" "Somebody listed disks and file systems" ["T1680", "T1082"]
        "disks and file systems" "a program of one's own that asks the kernel";
    Processes "processes" "Somebody listed what runs" ["T1057"]
        "what runs" "reading /proc one process at a time";
    NetworkConfiguration "network-configuration" "Somebody looked how the machine is connected" ["T1016"]
        "the network's configuration" "a program of one's own that asks the kernel by netlink";
    ExternalAddress "external-address"
        "Somebody asked a service of the internet which address, or which country, the machine is in"
        ["T1614", "T1016", "T1016.001"] "the machine's address on the internet" "services that are not known for it";
    InternetConnection "internet-connection" "Somebody tried whether the internet can be reached" ["T1016.001", "T1016"]
        "a way to the internet" "connections that are used at once";
    Wireless "wireless-networks" "Somebody looked for wireless networks and their passwords" ["T1016.002"]
        "wireless networks" "a program of one's own that asks the kernel by netlink";
    Connections "network-connections" "Somebody listed connections and what listens" ["T1049"]
        "connections" "a program of one's own that asks the kernel by netlink";
    RemoteSystems "remote-systems" "Somebody looked for other machines" ["T1018"]
        "other machines" "slow or passive listening";
    NetworkServices "network-services" "Somebody scanned ports" ["T1046"]
        "services in the network" "fewer than ten ports, or one a minute";
    Shares "network-shares" "Somebody looked for shares in the network" ["T1135"]
        "shares in the network" "a program of one's own that speaks the protocol";
    Files "files" "Somebody searched whole trees of files" ["T1083"]
        "files" "searching by a shell's own patterns";
    PrivilegedFiles "privileged-files"
        "Somebody searched for files that give rights: setuid programs, capabilities, what everybody may write"
        ["T1083", "T1548.001"] "files that give rights" "a program of one's own that goes through the tree";
    Software "software" "Somebody listed what is installed" ["T1518"]
        "what is installed" "reading the package manager's files";
    SecuritySoftware "security-software" "Somebody looked for what protects the machine" ["T1518.001"]
        "what protects the machine" "products that are not known, and names in pieces";
    BackupSoftware "backup-software" "Somebody looked for what keeps backups" ["T1518.002"]
        "what keeps backups" "products that are not known";
    Services "services" "Somebody listed the services of the machine" ["T1007"]
        "services" "asking systemd over D-Bus by a program of one's own";
    PasswordPolicy "password-policy" "Somebody looked what passwords have to be like" ["T1201"]
        "the policy of passwords" "reading it by PAM";
    Containers "containers" "Somebody listed containers, images, or what a cluster runs" ["T1613"]
        "containers and clusters" "requests by a program's own code";
    Virtualization "virtualization-check" "Somebody looked whether this is a virtual machine, a container or a sandbox"
        ["T1497.001", "T1082"] "signs of a virtual machine or a sandbox" "asking the processor itself";
    Debugger "debugger-check" "Somebody looked whether he is being traced" ["T1622"]
        "a tracer" "tracing oneself, and measuring time";
    VirtualMachines "virtual-machines" "Somebody listed the virtual machines of a host" ["T1673"]
        "virtual machines" "requests by a program's own code";
    Location "location" "Somebody looked which language and which time zone the machine is set to"
        ["T1614.001", "T1614"] "language and place" "reading the environment";
    Time "time" "Somebody looked what time it is and where" ["T1124"]
        "time and time zone" "asking the kernel, as every program does";
    Devices "devices" "Somebody listed devices" ["T1120"]
        "devices" "reading /sys by a program of one's own";
    Drivers "drivers" "Somebody listed the kernel's modules" ["T1652"]
        "the kernel's modules" "reading /sys/module";
    Logs "logs" "Somebody went through the logs of logins and of the system" ["T1654"]
        "logs" "logs of applications";
    Browser "browser-data" "Somebody read what a browser knows: bookmarks and history" ["T1217"]
        "bookmarks and history" "browsers that are not known";
    Windows "application-windows" "Somebody listed the windows of a desktop" ["T1010"]
        "windows" "a program of one's own that asks the display server";
    CloudInfrastructure "cloud-infrastructure" "Somebody listed the machines, networks and services of a cloud"
        ["T1580", "T1526", "T1538"] "what a cloud has" "requests by a program's own code";
    CloudStorage "cloud-storage" "Somebody listed what is stored in a cloud" ["T1619"]
        "what is stored in a cloud" "requests by a program's own code";
    Survey "survey" "Somebody went over the whole machine: accounts, processes, networks, files, all within a minute"
        ["T1082", "T1083", "T1057", "T1016", "T1033", "T1087.001"] "all at once" "whoever takes his time";
}

/// What the rule of a topic says of itself.
pub(crate) fn said(topic: Topic) -> &'static Said {
    &TOPICS[topic as usize]
}
