"""An SSH server on loopback, by paramiko: it runs what it is asked to run, and forwards what a jump host does."""

from __future__ import annotations

import contextlib
import select
import socket
import subprocess
import threading

import paramiko

HOST_KEY = paramiko.ECDSAKey.generate()
OTHER_KEY = paramiko.ECDSAKey.generate()


class _Transport(paramiko.Transport):
    """A connection that starts a command behind the answer to its request, as OpenSSH does.

    A quick command would close its channel before the answer is sent, and the client would see a refusal.
    """

    def __init__(self, sock):
        super().__init__(sock)
        self.due = []

    def _send_user_message(self, data):
        super()._send_user_message(data)
        if data.asbytes()[:1] == bytes([paramiko.common.MSG_CHANNEL_SUCCESS]):
            while self.due:
                self.due.pop().start()


class _Server(paramiko.ServerInterface):
    def __init__(self, sshd):
        self.sshd = sshd

    def get_allowed_auths(self, username):
        return ",".join(self.sshd.methods)

    def check_auth_publickey(self, username, key):
        self.sshd.tried.append(("publickey", username))
        ok = "publickey" in self.sshd.methods and key.asbytes() in self.sshd.keys
        return paramiko.AUTH_SUCCESSFUL if ok else paramiko.AUTH_FAILED

    def check_auth_password(self, username, password):
        self.sshd.tried.append(("password", username))
        ok = "password" in self.sshd.methods and password == self.sshd.password
        return paramiko.AUTH_SUCCESSFUL if ok else paramiko.AUTH_FAILED

    def check_auth_interactive(self, username, submethods):
        self.sshd.tried.append(("keyboard-interactive", username))
        return paramiko.InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses):
        return paramiko.AUTH_SUCCESSFUL if responses == [self.sshd.password] else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_direct_tcpip_request(self, chanid, origin, destination):
        if not self.sshd.forwards:
            return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        self.sshd.forwarded.append(destination)
        self.sshd.waiting[chanid] = destination
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        self.sshd.commands.append(command.decode())
        command = threading.Thread(target=self.sshd.execute, args=(channel, command.decode()), daemon=True)
        channel.get_transport().due.append(command)
        return True


class Sshd:
    """The server. `keys`, `password` and `methods` let a user in; `cut` ends the connection instead of a command."""

    def __init__(self, address="127.0.0.1", *, host_key=HOST_KEY, keys=(), password=None, methods=None):
        self.host_key = host_key
        self.keys = [key.asbytes() for key in keys]
        self.password = password
        self.methods = methods or ("publickey", "password", "keyboard-interactive")
        self.cut = False
        self.forwards = True
        self.tried, self.commands, self.forwarded, self.ended = [], [], [], []
        self.waiting = {}
        self._transports = []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listening = socket.socket(family)
        self._listening.bind((address, 0))
        self._listening.listen()
        self.address, self.port = address, self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # ends accept(), which close() does not
        self._listening.close()
        for transport in self._transports:
            transport.close()

    @property
    def known_hosts(self):
        """Return the line of known_hosts for this server."""
        return f"[{self.address}]:{self.port} {self.host_key.get_name()} {self.host_key.get_base64()}\n"

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        transport = _Transport(sock)
        self._transports.append(transport)
        transport.add_server_key(self.host_key)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            transport.start_server(server=_Server(self))
            while transport.is_active():
                channel = transport.accept(0.2)
                if channel is not None and channel.chanid in self.waiting:
                    destination = self.waiting.pop(channel.chanid)
                    threading.Thread(target=_forward, args=(channel, destination), daemon=True).start()

    def execute(self, channel, command):
        """Run a command with the channel as its standard input, output and error."""
        if self.cut:
            channel.get_transport().close()
            return
        running = subprocess.Popen(
            ["sh", "-c", command], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

        def pump(read, write):
            with contextlib.suppress(OSError, EOFError, ValueError):
                while data := read():
                    write(data)

        def feed():
            pump(lambda: channel.recv(65536), running.stdin.write)
            with contextlib.suppress(OSError):
                running.stdin.close()

        threading.Thread(target=feed, daemon=True).start()
        ways = [(running.stdout, channel.sendall), (running.stderr, channel.sendall_stderr)]
        pumps = [
            threading.Thread(target=pump, args=(lambda s=s: s.read(65536), write), daemon=True) for s, write in ways
        ]
        for one in pumps:
            one.start()
        for one in pumps:
            one.join()
        status = running.wait()
        self.ended.append((command, status))
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            if status >= 0:
                channel.send_exit_status(status)
            channel.close()


def _forward(channel, destination):
    with contextlib.suppress(OSError, EOFError), socket.create_connection(destination) as sock:
        while True:
            ready, _, _ = select.select([channel, sock], [], [])
            for one, other in ((channel, sock), (sock, channel)):
                if one in ready:
                    data = one.recv(65536)
                    if not data:
                        return
                    other.sendall(data)
    channel.close()
