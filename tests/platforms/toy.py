"""A platform as small as one can be: its file has a line for the AS and a line for each neighbor."""

from __future__ import annotations

from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.model.router import Router
from frrgen.platforms.base import Found
from frrgen.platforms.files import read_text
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.platforms.frr.parse.parser import Parsed


class Toy:
    name = "toy"
    noun = "toy"
    suffix = ".toy"
    pairs = False
    merges = False
    raw = False
    template = False

    def lint(self, router, path):
        return ()

    def losses(self, router):
        return [Finding(Code.FRR720, "toy has no route maps")] if router.route_maps else []

    def left_out(self, router):
        return {}

    def as_run(self, router):
        return router

    def frr_conf(self, router, templates=None):
        raise NotImplementedError

    def render(self, router, *, templates=None, secrets=False):
        if router.bgp is None:
            return "toy\n"
        peers = [f"peer {peer} as {one.remote_as}\n" for peer, one in router.bgp.neighbors.items()]
        return "".join(["toy\n", f"as {router.bgp.asn}\n", *peers])

    def merge(self, router, whole):
        return self.render(router, secrets=True)

    def recognises(self, text):
        return text.startswith("toy\n")

    def parse(self, text, file, *, name, frr_version=None):
        if not self.recognises(text):
            raise InputError(Finding(Code.FRR405, f"{file} is no toy"))
        bgp, leftovers = {}, []
        for number, line in enumerate(text.split("\n")[1:], 2):
            match line.split():
                case ["as", asn]:
                    bgp["asn"] = int(asn)
                case ["peer", peer, "as", asn]:
                    bgp.setdefault("neighbors", {})[peer] = {"remote_as": int(asn)}
                case [_, *_]:
                    leftovers.append(Leftover((), line, number))
        data = {"name": name, "platform": self.name, "bgp": bgp or None}
        return Parsed(Router.model_validate(data), tuple(leftovers))

    def plan(self, router, source, options):
        running = self.parse(read_text(source.file), source.file, name=router.name)
        return make_plan(running, router, prune_leftovers=options.prune_leftovers)

    def push(self, router, source, options, *, approve, progress, stop):
        raise NotImplementedError

    def import_(self, source, router):
        return Found(None, lambda name: self.parse(read_text(source.file), source.file, name=name))


TOY = Toy()
