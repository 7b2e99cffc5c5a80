"""A login over SSH, against a server on loopback: who is let in, what a command gives back, what ends it."""

from __future__ import annotations

import shutil
import socket
import sys
import threading

import paramiko
import pytest

from frrgen.errors import DeviceError
from frrgen.model.router import Ssh
from frrgen.transport.host_key import fingerprint
from frrgen.transport.ssh import Shell
from frrgen.transport.target import target
from tests.device.sshd import HOST_KEY, OTHER_KEY, Sshd

KEY = paramiko.ECDSAKey.generate()
STRANGE = paramiko.ECDSAKey.generate()
PASSWORD = "correct-horse"


class Home:
    """A user's `.ssh`, and what is written about the servers there."""

    def __init__(self, folder):
        self.folder = folder
        self.config, self.known_hosts, self.key = folder / "config", folder / "known_hosts", folder / "id"
        self.known_hosts.write_text("")
        KEY.write_private_key_file(str(self.key))

    def shell(self, sshd, lines="", known=None, key="", **ssh):
        """Return a login on r1, which is the server."""
        with self.known_hosts.open("a") as file:
            file.write(sshd.known_hosts if known is None else known)
        self.config.write_text(
            f"Host *\n  User operator\n  IdentityFile {key or self.key}\n  UserKnownHostsFile {self.known_hosts}\n"
            f"  GlobalKnownHostsFile none\n  {lines}\n"
        )
        return Shell("r1", Ssh(**{"host": sshd.address, "port": sshd.port, **ssh}), config=self.config)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return Home(tmp_path)


@pytest.fixture
def sshd():
    with Sshd(keys=[KEY], password=PASSWORD) as one:
        yield one


def code_of(shell, command="true"):
    with pytest.raises(DeviceError) as caught:
        shell.run(command)
    shell.close()
    (finding,) = caught.value.findings
    print(finding)
    assert finding.message.startswith("r1: ")
    assert PASSWORD not in str(finding)
    return finding


# who is let in


def test_a_key_lets_the_user_of_the_configuration_in(home, sshd):
    shell = home.shell(sshd)
    assert shell.run("echo here") == (0, "here\n", "")
    assert sshd.tried == [("publickey", "operator")]
    shell.close()


def test_the_inventory_s_user_and_key_come_before_the_configuration_s(home, sshd, tmp_path):
    STRANGE.write_private_key_file(str(tmp_path / "strange"))
    shell = home.shell(sshd, key=tmp_path / "strange", user="root", identity_file=str(home.key))
    assert shell.run("true").status == 0
    assert {user for _, user in sshd.tried} == {"root"}
    shell.close()


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_a_password_lets_in_whichever_way_the_router_asks_for_it(home, tmp_path, method):
    with Sshd(password=PASSWORD, methods=(method,)) as sshd:
        shell = home.shell(sshd, key=tmp_path / "none", password=PASSWORD)
        assert shell.run("true").status == 0
        assert ("publickey", "operator") not in sshd.tried
        shell.close()
        assert code_of(home.shell(sshd, key=tmp_path / "none", password="wrong")).code == "FRR504"


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_a_password_is_not_sent_where_the_configuration_forbids_it(home, tmp_path, method):
    with Sshd(password=PASSWORD, methods=(method,)) as sshd:
        lines = "PreferredAuthentications publickey"
        assert code_of(home.shell(sshd, lines, key=tmp_path / "none", password=PASSWORD)).code == "FRR504"
        assert {how for how, _ in sshd.tried} <= {"publickey"}


def test_a_key_is_not_offered_where_the_configuration_forbids_it(home, sshd):
    assert home.shell(sshd, "PubkeyAuthentication no", password=PASSWORD).run("true").status == 0
    assert sshd.tried == [("password", "operator")]


def test_a_key_with_a_passphrase_opens_with_the_password_and_with_no_other(home, sshd, tmp_path):
    locked = tmp_path / "locked"
    KEY.write_private_key_file(str(locked), password="passphrase")
    sshd.methods = ("publickey",)
    assert home.shell(sshd, key=locked, password="passphrase").run("true").status == 0
    for wrong in ({}, {"password": PASSWORD}):
        finding = code_of(home.shell(sshd, key=locked, **wrong))
        assert finding.code == "FRR504"
        assert "ssh-agent" in finding.hint


def test_a_key_that_the_router_does_not_know_is_named(home, sshd, tmp_path):
    STRANGE.write_private_key_file(str(tmp_path / "strange"))
    finding = code_of(home.shell(sshd, key=tmp_path / "strange"))
    assert finding.code == "FRR504"
    assert str(tmp_path / "strange") in finding.message


def test_without_any_key_and_password_nothing_is_tried(home, sshd, tmp_path):
    finding = code_of(home.shell(sshd, "IdentitiesOnly yes", key=tmp_path / "none"))
    assert (finding.code, sshd.tried) == ("FRR504", [])
    assert "no key and no password" in finding.message


def test_a_router_of_ipv6_is_logged_in_to(home):
    with Sshd("::1", keys=[KEY]) as sshd:
        assert home.shell(sshd).run("echo six").out == "six\n"
        refused = home.shell(sshd, known="")
        home.known_hosts.write_text("")
        assert f"-p {sshd.port} ::1 >>" in code_of(refused).hint


# the key of the host


def test_a_host_that_is_not_known_is_refused_with_its_fingerprint_and_the_way_to_make_it_known(home, sshd):
    finding = code_of(home.shell(sshd, known=""))
    assert finding.code == "FRR502"
    assert f"is not known: {fingerprint(HOST_KEY)}" in finding.message
    assert f"ssh-keyscan -t {HOST_KEY.get_name()} -p {sshd.port} 127.0.0.1 >> {home.known_hosts}" in finding.hint
    assert (sshd.tried, sshd.commands) == ([], [])


def test_a_host_whose_key_has_changed_is_refused_and_both_keys_are_shown(home, sshd):
    known = f"[127.0.0.1]:{sshd.port} {OTHER_KEY.get_name()} {OTHER_KEY.get_base64()}\n"
    finding = code_of(home.shell(sshd, known=known))
    assert finding.code == "FRR502"
    assert "THE HOST KEY HAS CHANGED" in finding.message
    for key in (HOST_KEY, OTHER_KEY):
        assert fingerprint(key).split()[1] in finding.message
    assert f"ssh-keygen -R '[127.0.0.1]:{sshd.port}'" in finding.hint
    assert sshd.tried == []


def test_a_revoked_key_is_refused(home, sshd):
    finding = code_of(home.shell(sshd, known=f"{sshd.known_hosts}@revoked * {sshd.known_hosts.split(' ', 1)[1]}"))
    assert "REVOKED" in finding.message


@pytest.mark.parametrize(("port", "known"), [("", True), ("[{}]:1", False), ("[{}]:{}", True)])
def test_a_host_on_a_port_is_known_by_name_and_port_or_by_its_name(home, sshd, port, known):
    name = port.format("127.0.0.1", sshd.port) or "127.0.0.1"
    shell = home.shell(sshd, known=f"{name} {HOST_KEY.get_name()} {HOST_KEY.get_base64()}\n")
    if known:
        assert shell.run("true").status == 0
    else:
        assert code_of(shell).code == "FRR502"


def test_an_alias_of_the_host_key_stands_without_a_port(home, sshd):
    known = f"edge {HOST_KEY.get_name()} {HOST_KEY.get_base64()}\n"
    assert home.shell(sshd, "HostKeyAlias edge", known=known).run("true").status == 0
    changed = f"edge {OTHER_KEY.get_name()} {OTHER_KEY.get_base64()}\n"
    home.known_hosts.write_text("")
    assert "ssh-keygen -R 'edge'" in code_of(home.shell(sshd, "HostKeyAlias edge", known=changed)).hint


# what a command gives back


def test_a_command_gives_its_status_output_and_errors(home, sshd):
    shell = home.shell(sshd)
    assert shell.run("cat; echo bad >&2; exit 7", "input\n") == (7, "input\n", "bad\n")
    assert shell.run("printf '\\377\\n'").out.encode(errors="surrogateescape") == b"\xff\n"
    big = "x" * 3_000_000
    assert shell.run("cat; cat >&2 /dev/null", big).out == big
    shell.close()


def test_a_command_runs_by_a_posix_shell_and_as_root_where_sudo_is_asked_for(home, sshd):
    home.shell(sshd).run("echo 'one'")
    assert sshd.commands == ["""sh -c 'echo '"'"'one'"'"''"""]
    assert Shell("r1", Ssh(sudo=True)).wrapped("id -u") == "sudo -n -- sh -c 'id -u'"


def test_a_command_that_takes_too_long_is_an_error(home, sshd):
    shell = home.shell(sshd)
    with pytest.raises(DeviceError, match=r"no answer within 0\.1 s") as caught:
        shell.run("sleep 5", seconds=0.1)
    assert caught.value.findings[0].code == "FRR507"
    shell.close()


def test_a_command_that_sends_without_end_is_an_error(home, sshd, monkeypatch):
    monkeypatch.setenv("FRRGEN_MAX_MIB", "1")
    assert code_of(home.shell(sshd), "yes").code == "FRR506"


def test_a_connection_that_is_cut_or_a_command_without_status_is_a_lost_connection(home, sshd):
    shell = home.shell(sshd)
    assert code_of(shell, "kill -9 $PPID").code == "FRR505"
    shell.connect()
    sshd.cut = True
    with pytest.raises(DeviceError) as caught:
        shell.run("true")
    assert caught.value.findings[0].code == "FRR505"
    with pytest.raises(DeviceError, match="the connection was lost"):
        shell.run("true")
    sshd.cut = False
    shell.connect()
    assert shell.run("true").status == 0
    shell.close()


def test_a_second_login_beside_the_first_leaves_the_first_as_it_was(home, sshd):
    shell = home.shell(sshd)
    with shell.open("echo first; cat") as channel:
        assert channel.recv(64) == b"first\n"
        shell.connect(beside=True)
        assert shell.run("echo second").out == "second\n"
        channel.sendall(b"still")
        assert channel.recv(64) == b"still"
    shell.close()


# locks


def test_a_lock_is_held_for_the_block_and_ends_with_it(home, sshd):
    shell = home.shell(sshd)
    with shell.hold("echo welcome; echo locked; cat >/dev/null", seconds=5):
        assert sshd.ended == []
    assert [status for _, status in sshd.ended] == [0]
    shell.close()


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ("echo busy ann@desk", "FRR512", r"another push is under way \(ann@desk\)"),
        ("echo busy", "FRR512", r"another push is under way\n"),
        ("echo 'Permission denied' >&2; exit 1", "FRR515", "cannot lock"),
        ("true", "FRR515", "cannot lock"),
        ("sleep 5", "FRR507", "waiting for the lock"),
    ],
)
def test_a_lock_that_is_not_had_is_an_error(home, sshd, said, code, words):
    shell = home.shell(sshd, connect_timeout=1)
    shell.connect()
    with pytest.raises(DeviceError, match=words) as caught, shell.hold(said, seconds=-0.5):
        pass
    (finding,) = caught.value.findings
    assert finding.code == code
    assert ("sudo" in (finding.hint or "")) == ("denied" in said)
    shell.close()


# ways to a router


def test_a_router_is_reached_over_two_jump_hosts(home, sshd):
    with Sshd("::1", keys=[KEY]) as first, Sshd(keys=[KEY], host_key=OTHER_KEY) as second:
        home.known_hosts.write_text(first.known_hosts + second.known_hosts)
        jumps = f"ProxyJump [::1]:{first.port},operator@127.0.0.1:{second.port}"
        shell = home.shell(sshd)
        home.config.write_text(home.config.read_text().replace("Host *", f"Host router\n  {jumps}\nHost *"))
        shell = Shell("r1", Ssh(host="router", port=sshd.port), config=home.config)
        home.config.write_text(f"Host router\n  Hostname 127.0.0.1\n{home.config.read_text()}")
        assert shell.run("echo there").out == "there\n"
        assert first.forwarded == [("127.0.0.1", second.port)]
        assert second.forwarded == [("127.0.0.1", sshd.port)]
        shell.close()
        second.forwards = False
        finding = code_of(shell)
        assert finding.code == "FRR503"
        assert (
            f"operator@127.0.0.1 port {second.port} cannot reach operator@127.0.0.1 port {sshd.port}" in finding.message
        )


def test_jump_hosts_that_lead_in_a_circle_are_an_error(home, sshd):
    shell = home.shell(sshd, "", host="a")
    home.config.write_text("Host a\n  ProxyJump b\nHost b\n  ProxyJump a\n")
    assert "ProxyJump goes in circles" in code_of(shell).message


RELAY = """\
import os, socket, sys, threading
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while data := os.read(0, 65536): s.sendall(data)
threading.Thread(target=up, daemon=True).start()
while data := s.recv(65536): os.write(1, data)
"""


def test_a_proxy_command_gets_its_tokens(home, sshd, tmp_path):
    (tmp_path / "relay.py").write_text(RELAY)
    shell = home.shell(sshd, f"ProxyCommand exec {sys.executable} {tmp_path / 'relay.py'} %h %p")
    assert shell.run("echo there").out == "there\n"
    shell.close()


@pytest.mark.parametrize(
    ("command", "words"), [("nowhere %h", "no program 'nowhere'"), ("nc %h %i", "%i is not known here")]
)
def test_a_proxy_command_that_cannot_run_is_an_error(home, sshd, command, words):
    shell = home.shell(sshd)
    home.config.write_text(f"Host *\n  ProxyCommand {command}\n")
    assert words in code_of(shell).message


def test_nobody_listens_or_something_else_does(home, sshd):
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=lambda: other.accept()[0].sendall(b"220 mail\r\n"), daemon=True).start()
        for port in (silent.getsockname()[1], other.getsockname()[1]):
            assert code_of(home.shell(sshd, port=port, connect_timeout=1)).code == "FRR503"
        closed = silent.getsockname()[1]
    finding = code_of(home.shell(sshd, port=closed))
    assert finding.code == "FRR503"
    assert f"operator@127.0.0.1 port {closed} cannot be reached" in finding.message


# what may be agreed on


def test_the_configuration_s_algorithms_are_agreed_on(home, sshd):
    shell = home.shell(sshd, "Ciphers aes256-ctr\n  MACs hmac-sha2-512\n  KexAlgorithms ecdh-sha2-nistp384")
    shell.connect()
    made = shell._clients[-1].get_transport()
    assert (made.remote_cipher, made.remote_mac) == ("aes256-ctr", "hmac-sha2-512")
    shell.close()


@pytest.mark.parametrize("lines", ["Ciphers chacha20-poly1305@openssh.com", "HostKeyAlgorithms ssh-ed25519"])
def test_what_cannot_be_agreed_on_is_an_error(home, sshd, lines):
    assert code_of(home.shell(sshd, lines)).code == "FRR503"


def test_a_key_of_an_algorithm_that_is_not_accepted_is_not_used(home, sshd):
    assert code_of(home.shell(sshd, "PubkeyAcceptedAlgorithms ssh-ed25519")).code == "FRR504"


# the configuration itself


def test_without_openssh_a_configuration_is_an_error_and_else_the_keys_of_the_user_are_tried(home, monkeypatch):
    monkeypatch.setenv("HOME", str(home.folder))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    (home.folder / ".ssh").mkdir()
    for name in ("id_ed25519", "id_ed25519.pub"):
        (home.folder / ".ssh" / name).write_text("")
    found = target("r1", Ssh(user="ann"))
    assert (found.host, found.port, found.user) == ("r1", 22, "ann")
    assert found.identity_files == [str(home.folder / ".ssh/id_ed25519")]
    with pytest.raises(DeviceError, match="apt install openssh-client"):
        target("r1", Ssh(), home.config)
    (home.folder / ".ssh/config").write_text("")
    with pytest.raises(DeviceError, match="cannot be read without"):
        target("r1", Ssh())


def test_a_configuration_that_ssh_refuses_is_an_error(home):
    home.config.write_text("Nonsense yes\n")
    with pytest.raises(DeviceError, match="ssh cannot read its configuration"):
        target("r1", Ssh(), home.config)


def test_a_key_file_of_none_is_no_key_file(home):
    home.config.write_text("Host *\n  IdentityFile none\n  IdentitiesOnly yes\n")
    found = target("r1", Ssh(), home.config)
    assert (found.identity_files, found.identities_only) == ([], True)


@pytest.mark.parametrize(
    ("number", "words"),
    [(socket.EAI_NONAME, "there is no host of this name"), (socket.EAI_AGAIN, "its name cannot be looked up")],
)
def test_a_host_without_an_address_is_reported_in_plain_words(monkeypatch, number, words):
    def refused(*_, **__):
        raise socket.gaierror(number, "a text of the C library")

    monkeypatch.setattr(socket, "create_connection", refused)
    with pytest.raises(DeviceError, match=f"cannot be reached: {words}"):
        Shell("r1", Ssh(host="nowhere.invalid")).connect()
