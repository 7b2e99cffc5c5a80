"""A push against a router that fails at every step there is: it ends as it should, or as it was, and says which."""

from __future__ import annotations

import contextlib
from threading import Event

import pytest

from frrgen.codes import Code
from frrgen.errors import DeviceError, Exit, Finding, RolledBackError, UnknownStateError
from frrgen.model.policy import RouteMap
from frrgen.model.router import Check
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.push import Transaction, plan_for
from frrgen.transaction.base import Outcome, State
from frrgen.transaction.fleet import each
from frrgen.transport.base import GoneError, Running

BEFORE = "frr version 8.4.4\nrouter bgp 65001\n neighbor 192.0.2.1 remote-as 65002\nexit\nfrobnicate\nend\n"
AFTER = parse("router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n neighbor 192.0.2.1 passive\n", name="r1").router


def lost(what="cut"):
    return DeviceError(Finding(Code.FRR505, f"r1: {what}"))


class FakeDevice:
    """A router in memory. `fails` maps the name of a step to the calls of it (1, 2 …) that fail, `with_` how."""

    name = "r1"
    id = "1"

    def __init__(self, fails=None, *, refuses=False, gone=False, with_=lost):
        self.text = BEFORE
        self.fails = fails or {}
        self.refuses = refuses
        self.gone = gone
        self.with_ = with_
        self.calls = []
        self.saved = None
        self.journal = []
        self.staged = None
        self.armed = False
        self.executed = []

    def _step(self, name):
        self.calls.append(name)
        if self.calls.count(name) in self.fails.get(name, ()) or (self.gone and "apply" in self.calls):
            raise self.with_(name)

    def _must_be_armed(self):
        if not self.armed:
            raise GoneError(Finding(Code.FRR528, "r1: not armed"))

    def fetch(self):
        self._step("fetch")
        return Running(self.text, "8.4.4")

    @contextlib.contextmanager
    def lock(self):
        self._step("lock")
        yield

    def stage(self, staged):
        self._step("stage")
        self.staged = staged

    def arm(self, entry, seconds, instead=""):
        self._step("arm")
        self.armed = True
        self.journal.append(entry)
        return "/var/lib/frrgen/backup-1.conf"

    def extend(self, seconds, verified=""):
        self._step("extend")

    def apply(self):
        """Carry the commands out the way FRR would, as far as this test goes; then perhaps lose the connection."""
        self._must_be_armed()
        self.carry_out([line for batch in self.staged.forth for line in batch])
        self._step("apply")
        return ["% Configuration failed."] if self.refuses else []

    def carry_out(self, commands):
        wanted = "passive" in "\n".join(line for line in commands if not line.startswith("no "))
        if not self.refuses:
            line = " neighbor 192.0.2.1 passive\n"
            self.text = BEFORE.replace("exit\n", f"{line}exit\n") if wanted else BEFORE

    def apply_back(self, batches):
        self._step("apply_back")
        self.carry_out([line for batch in batches for line in batch])

    def settle(self):
        self._step("settle")
        self._must_be_armed()

    def execute(self, commands):
        self._step("execute")
        self.executed += commands

    def run_check(self, command):
        self._step("run_check")
        return command == "true"

    def renew(self):
        self._step("renew")

    def confirm(self, digest, entry):
        self._step("confirm")
        self._must_be_armed()
        if Running(self.text, "").digest != digest:
            raise lost("moved")
        self.saved = self.text
        self.armed = False
        self.journal.append(entry)

    def undo(self, why):
        """Look at the text, as the router does, and go back by the batch that was staged if it has to."""
        self._step("undo")
        self._must_be_armed()
        if Running(self.text, "").digest != self.staged.before.digest:
            self.carry_out([line for batch in self.staged.back for line in batch])
        if Running(self.text, "").digest != self.staged.before.digest:
            raise DeviceError(Finding(Code.FRR510, "r1: cannot go back"))
        self.armed = False
        self.journal.append("rolled back")

    def reconnect(self):
        self._step("reconnect")

    def close(self):
        pass


def run(device, **options):
    return Transaction(device, AFTER, sleep=lambda _: None, **options).run()


def test_all_is_well():
    device = FakeDevice()
    assert run(device).state is State.CONFIRMED
    assert "passive" in device.saved
    assert [entry for entry in device.journal if "confirmed" in entry]


@pytest.mark.parametrize("step", ["fetch", "lock", "stage", "arm"])
def test_a_failure_before_anything_is_applied_changes_nothing(step):
    device = FakeDevice({step: [1]})
    with pytest.raises(DeviceError):
        run(device)
    assert device.text == BEFORE
    assert "apply" not in device.calls


def test_a_cut_connection_after_the_batch_has_gone_through_ends_well():
    device = FakeDevice({"apply": [1], "settle": [1]})
    assert run(device).state is State.CONFIRMED
    assert "passive" in device.saved


def test_what_the_router_refuses_is_rolled_back_and_its_answer_is_shown():
    device = FakeDevice(refuses=True)
    with pytest.raises(RolledBackError) as caught:
        run(device)
    assert caught.value.exit is Exit.ROLLED_BACK
    assert "Configuration failed" in str(caught.value)
    assert device.text == BEFORE
    assert device.saved is None


def test_a_startup_configuration_that_cannot_be_saved_undoes_the_push():
    device = FakeDevice({"confirm": [1]})
    with pytest.raises(RolledBackError):
        run(device)
    assert device.text == BEFORE


def test_a_router_that_is_gone_for_good_is_unknown_and_names_the_backup():
    device = FakeDevice({"lock": range(2, 99), "apply": [1], "settle": [1]})
    with pytest.raises(UnknownStateError) as caught:
        run(device)
    assert caught.value.exit is Exit.UNKNOWN
    assert "backup-1.conf" in str(caught.value)
    assert device.calls.count("reconnect") == 5


def test_a_way_back_that_fails_once_is_tried_again():
    device = FakeDevice({"fetch": [3]}, refuses=True)
    with pytest.raises(RolledBackError):
        run(device)
    assert device.text == BEFORE


_FAULTS = [KeyboardInterrupt, MemoryError, ValueError, RecursionError, SystemExit, lost]
_STEPS = ["apply", "renew", "fetch", "execute", "confirm", "settle", "apply_back", "undo"]


@pytest.mark.parametrize("fault", _FAULTS)
@pytest.mark.parametrize("step", _STEPS)
def test_whatever_goes_wrong_in_whichever_step_behind_armed_the_push_ends_as_it_was_or_as_it_should(step, fault):
    call = 2 if step == "fetch" else 1
    going_back = step in {"settle", "apply_back", "undo"}
    device = FakeDevice({step: [call], **({"renew": [1]} if going_back else {})}, with_=fault)
    try:
        outcome = run(device)
    except RolledBackError:
        assert device.text == BEFORE
        assert device.saved is None
    else:
        assert outcome.state is State.CONFIRMED
        assert device.saved == device.text != BEFORE
    assert not device.armed


def test_a_fault_of_ours_that_comes_again_at_every_look_still_ends_in_what_ran_before():
    class Unreadable(FakeDevice):
        def fetch(self):
            running = super().fetch()
            return running if self.calls.count("fetch") == 1 else Running(BEFORE + "log " + "9" * 4400, "8.4.4")

    device = Unreadable()
    with pytest.raises(RolledBackError):
        run(device)
    assert device.text == BEFORE


@pytest.mark.parametrize("state", [State.STAGED, State.CHECKED, State.ARMED, State.APPLIED, State.VERIFIED])
def test_who_wants_a_push_to_end_has_nothing_more_begun_and_what_was_begun_undone(state):
    device, stop = FakeDevice(), Event()

    def progress(now):
        if now is state:
            stop.set()

    with pytest.raises((KeyboardInterrupt, RolledBackError)) as caught:
        run(device, progress=progress, stop=stop)
    assert (caught.type is KeyboardInterrupt) == (state in {State.STAGED, State.CHECKED})
    assert device.text == BEFORE
    assert not device.armed


def test_who_listens_to_the_progress_of_a_push_cannot_turn_its_end_into_a_failure():
    def progress(now):
        if now in {State.CONFIRMED, State.ROLLED_BACK}:
            raise ValueError

    assert run(FakeDevice(), progress=progress).state is State.CONFIRMED
    with pytest.raises(RolledBackError):
        run(FakeDevice(refuses=True), progress=progress)


def test_a_plan_that_is_not_approved_touches_nothing():
    device = FakeDevice()
    outcome = run(device, approve=lambda _: False)
    assert (outcome.state, outcome.exit) == (State.DECLINED, Exit.ERROR)
    assert device.calls == ["fetch"]


@pytest.mark.parametrize(
    ("moves", "ends"),
    [
        ("log syslog\n", DeviceError),
        ("! a remark that says nothing\n", None),
        ("", None),
    ],
)
def test_a_configuration_that_has_changed_since_the_plan_was_shown_is_not_touched(moves, ends):
    device = FakeDevice()

    def approve(_):
        device.text = device.text.replace("end\n", f"{moves}end\n")
        return True

    if ends is None:
        assert run(device, approve=approve).state is State.CONFIRMED
        return
    with pytest.raises(DeviceError, match="has changed since the plan was shown") as caught:
        run(device, approve=approve)
    assert caught.value.findings[0].code == "FRR521"
    assert device.calls == ["fetch", "lock", "fetch"]


def test_nothing_to_do_takes_no_backup():
    device = FakeDevice()
    device.text = device.text.replace("exit\n", " neighbor 192.0.2.1 passive\nexit\n")
    assert run(device).state is State.UNCHANGED
    assert "stage" not in device.calls


def test_a_leftover_that_vanishes_is_a_failure():
    class Eater(FakeDevice):
        def carry_out(self, commands):
            self.text = self.text.replace("frobnicate\n", "") if self.text == BEFORE else BEFORE

    device = Eater()
    with pytest.raises(RolledBackError, match="lost: frobnicate"):
        run(device)


class Meddled(FakeDevice):
    """A router on which something else happens than was asked for; what it is told after that is kept."""

    def __init__(self, happens):
        super().__init__()
        self.happens = happens
        self.told = ()

    def carry_out(self, commands):
        if self.text == BEFORE:
            self.text = self.happens
        elif not self.told:
            self.told, self.text = tuple(commands), BEFORE


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (
            BEFORE.replace("frobnicate\n", "interface eth0\n description new\nexit\nfrobnicate\n"),
            ("interface eth0", "no description", "exit"),
        ),
        (BEFORE.replace("frobnicate\n", ""), ("frobnicate",)),
        (BEFORE.replace("frobnicate\n", "log other\n"), ("no log other", "frobnicate")),
        (
            BEFORE.replace("router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n", "router bgp 65001\n bgp odd\n"),
            ("router bgp 65001", "neighbor 192.0.2.1 remote-as 65002", "no bgp odd", "exit"),
        ),
    ],
)
def test_the_way_back_takes_away_what_is_new_and_then_brings_back_what_is_lost_beyond_the_model(happens, told):
    device = Meddled(happens)
    with pytest.raises(RolledBackError):
        run(device)
    assert device.told == told


def test_a_line_that_nothing_takes_away_is_no_way_back():
    class Kept(Meddled):
        def carry_out(self, commands):
            self.text = self.happens

    with pytest.raises(UnknownStateError, match="cannot go back"):
        run(Kept(BEFORE + "username u password hunter2\n"))


def test_what_is_undone_is_cleared_as_what_was_done_would_have_been():
    before = "ip prefix-list P seq 5 permit 10.0.0.0/8\nrouter bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n"
    before += " address-family ipv4 unicast\n  distribute-list D in\n  neighbor 192.0.2.1 prefix-list P in\n"
    device = FakeDevice()
    wanted = parse(before.replace("P seq 5 permit", "P seq 5 deny"), name="r1").router
    Transaction(device, wanted, sleep=lambda _: None)
    device.text = before
    with contextlib.suppress(RolledBackError, UnknownStateError):
        Transaction(device, wanted, sleep=lambda _: None).run()
    assert set(device.staged.after) <= set(device.staged.clear)


@pytest.mark.parametrize(("command", "state"), [("true", State.CONFIRMED), ("false", State.ROLLED_BACK)])
def test_the_inventory_s_own_checks_decide_whether_a_push_is_believed(command, state):
    device = FakeDevice()
    wanted = AFTER.model_copy(update={"checks": (Check(command=command),)})
    push = Transaction(device, wanted, sleep=lambda _: None)
    if state is State.CONFIRMED:
        assert push.run().state is state
    else:
        with pytest.raises(RolledBackError, match="check command"):
            push.run()
        assert device.text == BEFORE
    assert "run_check" in device.calls


def test_interrupted_in_the_middle_the_push_is_undone():
    class Interrupted(FakeDevice):
        def apply(self):
            super().apply()
            raise KeyboardInterrupt

    device = Interrupted()
    with pytest.raises(RolledBackError):
        run(device)
    assert device.text == BEFORE


def test_lists_that_two_daemons_of_frr_10_do_not_agree_on_are_a_failure():
    class Torn(FakeDevice):
        def fetch(self):
            running = super().fetch()
            torn = "ip prefix-list P seq 5 permit 10.0.0.0/8\n" if "passive" in running.text else ""
            return Running(running.text + torn, "10.1", {"mgmtd": torn, "bgpd": ""})

    with pytest.raises(RolledBackError, match=r"bgpd lacks: ip prefix-list P seq 5 permit"):
        run(Torn())


def test_after_a_failure_no_further_push_is_started():
    def fail():
        raise lost()

    jobs = [("a", fail), ("b", lambda: Outcome("b", State.CONFIRMED))]
    outcomes = {one.router: one for one in each(jobs, workers=1)}
    assert outcomes["a"].exit is Exit.ERROR
    assert outcomes["b"].findings[0].code == "FRR527"


def test_the_plan_follows_the_version_that_the_box_says():
    text = "route-map A permit 10\n"
    wanted = parse("no route-map A optimization\n" + text, name="r1").router
    assert "optimization" in "\n".join(plan_for(Running("frr version 8.4.4\n", "8.4.4"), wanted).commands)
    wanted = wanted.model_copy(update={"route_maps": {"A": RouteMap(entries=wanted.route_maps["A"].entries)}})
    assert "optimization" not in "\n".join(plan_for(Running("frr version 10.1\n", "10.1"), wanted).commands)


def test_a_plan_knows_what_must_be_done_before_the_rest_begins_and_says_so_where_it_is_shown():
    running = parse("route-map A permit 10\n call B\nroute-map A permit 20\nroute-map B permit 5\n", name="r1")
    turned = parse("route-map A permit 20\nroute-map B permit 5\n call A\n", name="r1").router
    plan = make_plan(running, turned)
    assert [batch[:2] for batch in plan.batches] == [
        ("route-map A deny 10", "no call"),
        ("no route-map A permit 10", "route-map B permit 5"),
    ]
    assert len([line for line in plan.shown_commands if line.startswith("! a new batch")]) == 1
    assert make_plan(running, running.router).batches == ()
