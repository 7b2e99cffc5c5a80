"""Raw Config on the stand-in: all that FRR can, through the package's own PHP, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.platforms.pfsense.raw import raw_keys
from tests.lab import Lab, wait_for
from tests.lab.endpoint import Endpoint
from tests.lab.pfsense import Pfsense, lacking
from tests.pfsense import GOLDEN

pytestmark = [
    pytest.mark.sample("10.3"),
    pytest.mark.skipif(bool(lacking()), reason=f"the stand-in for pfSense needs {lacking()}"),
]
CLUSTER = """\
asn: 64513
pools: {p: {prefixes: [192.168.10.0/24]}}
timers_connect: 1
routers: {home: {address: 192.168.1.1, listen_range: [192.168.1.0/28]}}
"""


def test_nodes_that_come_by_listen_range_are_a_raw_configuration_until_the_pages_are_wanted_again(
    frr, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    with Lab(frr=frr) as lab:
        box, node = lab.add(Pfsense("home", lab.folder / "home", frr=lab.frr)), lab.router("node", daemons=())
        lab.link(box, node, "192.168.1.1/24", "192.168.1.10/24")
        node.run("ip", "addr", "add", "192.168.1.11/24", "dev", "eth0")
        lab.sshd(box)
        box.start((GOLDEN / "article.xml").read_text())
        config = str(lab.ssh_config())

        def typed(*words):
            return main([*words, "--ssh-config", config])

        assert typed("import", "pfsense", "ssh:admin@home", "--name", "home", "-o", "inventory") == 0
        assert typed("push", "home", "--yes", "--raw") == 1  # the inventory does not want it
        assert "FRR114" in capsys.readouterr().err
        file, before = Path("inventory/routers/home.yaml"), box.sections()
        paged = file.read_text()
        file.write_text(paged.replace("pfsense:\n", "pfsense:\n  raw: true\n", 1))
        Path("inventory/clusters").mkdir(exist_ok=True)
        Path("inventory/clusters/k8s.yaml").write_text(CLUSTER)
        assert typed("push", "home", "--yes") == 1  # the pages are not given up by accident
        assert "frrgen push --raw" in capsys.readouterr().err
        assert typed("push", "home", "--yes", "--raw", "--allow-down") == 0, capsys.readouterr()
        assert raw_keys(box.sections()) == ("frr",)
        assert "bgp listen range 192.168.1.0/28 peer-group k8s" in box.running_config()
        assert {**box.sections(), "frrglobalraw": []} == {**before, "frrglobalraw": []}
        end = Endpoint(node, "192.168.1.11", "192.168.1.1", 64513, identifier="192.168.1.11").dial()
        wait_for("the node", lambda: box.established("192.168.1.11"), seconds=20)
        assert typed("push", "home", "--yes") == 0
        assert typed("diff", "home") == 0
        assert not end.ended
        Path("inventory/clusters/k8s.yaml").unlink()
        file.write_text(paged)
        assert typed("diff", "home") == 2
        assert typed("push", "home", "--yes") == 1
        assert "--clear-raw" in capsys.readouterr().err
        assert typed("push", "home", "--yes", "--clear-raw", "--allow-down") == 0
        assert raw_keys(box.sections()) == ()
        assert "listen range" not in box.running_config()
