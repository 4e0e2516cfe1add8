//! Users, groups, who is logged in, and what passwords have to be like.

use common::command::Command;

use crate::act::{Act, NOTABLE, RARE, ROUTINE, TELLING, WEAK, act};
use crate::topic::Topic::{Accounts, DomainAccounts, DomainGroups, Groups, Owner, PasswordPolicy};

pub(crate) fn act_of(command: &Command<'_>) -> Option<Act> {
    match command.name().as_bytes() {
        b"whoami" | b"logname" => act(Owner, "whoami", WEAK),
        // Scripts ask for one number or one name.
        b"id" if command.args().is_empty() || command.says(&["-a"]) => act(Owner, "id", WEAK),
        b"id" if !command.word(0).is_empty() && !command.has('u', "") => act(Groups, "id of somebody", WEAK),
        b"w" => act(Owner, "w", NOTABLE),
        b"users" => act(Owner, "users", NOTABLE),
        b"who" if !command.says(&["-b", "-r", "--boot"]) => act(Owner, "who", ROUTINE),
        b"last" if !command.words().any(|word| word == "reboot" || word == "shutdown") => act(Owner, "last", ROUTINE),
        b"lastb" => act(Owner, "lastb", NOTABLE),
        b"lastlog" | b"lastlog2" if !command.has('u', "") && !command.has('C', "") => act(Accounts, "lastlog", NOTABLE),
        b"finger" | b"pinky" => act(Owner, "finger", NOTABLE),
        b"loginctl" if matches!(command.word(0), b"" | b"list-sessions" | b"list-users" | b"user-status") => {
            act(Owner, "loginctl", ROUTINE)
        }
        b"getent" => getent(command),
        b"userdbctl" => act(Accounts, "userdbctl", NOTABLE),
        b"lslogins" => act(Accounts, "lslogins", RARE),
        b"groups" => act(Groups, "groups", if command.word(0).is_empty() { ROUTINE } else { WEAK }),
        b"lsgrp" | b"libuser-lid" | b"lid" | b"members" => act(Groups, "members", RARE),
        b"groupmems" if command.has('l', "") => act(Groups, "groupmems", NOTABLE),
        // What somebody may do as somebody else.
        b"sudo" if command.has('l', "") || command.says(&["--list"]) => sudo_list(command),
        b"doas" if command.has('C', "") => act(Groups, "doas -C", NOTABLE),
        b"chage" if command.has('l', "") || command.says(&["--list"]) => act(PasswordPolicy, "of one account", ROUTINE),
        b"passwd" if command.has('S', "") && command.has('a', "") => act(PasswordPolicy, "passwd -S -a", NOTABLE),
        b"passwd" if command.has('S', "") || command.says(&["--status"]) => {
            act(PasswordPolicy, "of one account", ROUTINE)
        }
        b"pwscore" | b"pwmake" => act(PasswordPolicy, "pwscore", ROUTINE),
        b"authconfig" if command.says(&["--test"]) => act(PasswordPolicy, "authconfig", NOTABLE),
        b"authselect" if matches!(command.word(0), b"current" | b"show") => act(PasswordPolicy, "authselect", NOTABLE),
        b"faillock" if !command.says(&["--reset"]) => act(PasswordPolicy, "faillock", ROUTINE),
        b"pwpolicy" | b"samba-tool" if command.mentions("passwordsettings") || command.mentions("policies") => {
            act(PasswordPolicy, "pwpolicy", TELLING)
        }
        name => directory(name, command),
    }
}

/// getent without a name lists all.
fn getent(command: &Command<'_>) -> Option<Act> {
    let all = command.word(1).is_empty();
    match command.word(0) {
        b"passwd" if all => act(Accounts, "getent passwd", NOTABLE),
        b"group" if all => act(Groups, "getent group", NOTABLE),
        b"hosts" | b"ahosts" if all => act(crate::topic::Topic::RemoteSystems, "getent hosts", NOTABLE),
        b"networks" | b"services" if all => act(crate::topic::Topic::NetworkConfiguration, "getent services", NOTABLE),
        _ => None,
    }
}

/// `sudo -l` lists; `sudo -l command` asks for one, as scripts do. `-n` asks without a word.
fn sudo_list(command: &Command<'_>) -> Option<Act> {
    let asks_for_one = command.words().any(|word| word.starts_with("/"));
    if asks_for_one { None } else { act(Groups, "sudo -l", RARE) }
}

/// What asks the directory of a domain.
fn directory(name: &[u8], command: &Command<'_>) -> Option<Act> {
    let groups = || ["group", "Group"].iter().any(|part| command.mentions(part));
    match name {
        b"ldapsearch" | b"ldbsearch" if groups() => act(DomainGroups, "ldapsearch for groups", TELLING),
        b"ldapsearch" | b"ldbsearch" => act(DomainAccounts, "ldapsearch", TELLING),
        b"wbinfo" if command.has('g', "") || command.says(&["--domain-groups"]) => act(DomainGroups, "wbinfo", TELLING),
        b"wbinfo" if !command.says(&["-t", "-p", "--ping"]) => act(DomainAccounts, "wbinfo", TELLING),
        b"net" if matches!(command.word(0), b"ads" | b"rpc" | b"rap") => match command.word(1) {
            b"group" => act(DomainGroups, "net group", TELLING),
            b"user" | b"info" | b"lookup" | b"search" | b"trustdom" | b"status" => act(DomainAccounts, "net", TELLING),
            _ => None,
        },
        b"realm" if matches!(command.word(0), b"list" | b"discover") => act(DomainAccounts, "realm", NOTABLE),
        b"adcli" if matches!(command.word(0), b"info" | b"show-computer") => act(DomainAccounts, "adcli", NOTABLE),
        b"samba-tool" if command.word(0) == b"group" && command.word(1).starts_with(b"list") => {
            act(DomainGroups, "samba-tool group", NOTABLE)
        }
        b"samba-tool" if matches!(command.word(0), b"user" | b"computer") && command.word(1) == b"list" => {
            act(DomainAccounts, "samba-tool", NOTABLE)
        }
        b"ipa" if command.word(0) == b"group-find" => act(DomainGroups, "ipa group-find", NOTABLE),
        b"ipa" if command.word(0).ends_with(b"-find") => act(DomainAccounts, "ipa find", NOTABLE),
        b"rpcclient" => act(DomainAccounts, "rpcclient", TELLING),
        b"windapsearch"
        | b"windapsearch.py"
        | b"ldapdomaindump"
        | b"ldapdomaindump.py"
        | b"bloodhound-python"
        | b"bloodhound.py"
        | b"kerbrute"
        | b"adidnsdump"
        | b"lookupsid.py"
        | b"impacket-lookupsid"
        | b"samrdump.py"
        | b"impacket-samrdump"
        | b"GetADUsers.py"
        | b"impacket-GetADUsers"
        | b"GetADComputers.py"
        | b"findDelegation.py" => act(DomainAccounts, "a tool for directories", TELLING),
        _ => None,
    }
}
