"""Every code that frrgen prints, with the head of its page and its severity.

A code is stable, has one meaning, and a page docs/findings/CODE.md.
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import Self


class Severity(StrEnum):
    """How much a Finding matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Code(StrEnum):
    """The code of a Finding. The first digit names the part of frrgen."""

    head: str
    """The head of its page: what it means."""
    severity: Severity
    """How much a Finding with this code matters, unless it or the inventory says otherwise."""

    def __new__(cls, code: str, head: str, severity: Severity = Severity.ERROR) -> Self:
        """Make the member; `code` is its name."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.head, member.severity = head, severity
        return member

    @staticmethod
    def _generate_next_value_(name: str, *_: object) -> str:
        return name

    # the inventory and the arguments
    FRR100 = auto(), "There is no inventory"
    FRR101 = auto(), "A file of the inventory cannot be read"
    FRR102 = auto(), "Not YAML"
    FRR103 = auto(), "YAML, but not of the right shape"
    FRR104 = auto(), "A feature of YAML that is not used here"
    FRR105 = auto(), "A key is given twice"
    FRR106 = auto(), "Nothing reads this file"
    FRR107 = auto(), "There is no such group"
    FRR108 = auto(), "There is no such router"
    FRR109 = auto(), "No terminal to ask on"
    FRR110 = auto(), "Unknown key"
    FRR111 = auto(), "The value cannot be used"
    FRR112 = auto(), "A key is missing"
    FRR113 = auto(), "Not an entry of a list"
    FRR114 = auto(), "Wrong arguments"
    FRR115 = auto(), "That router is no pfSense box"
    FRR116 = auto(), "No place to log in to"
    FRR117 = auto(), "No name for a router"
    FRR118 = auto(), "Not a file of plans"
    FRR120 = auto(), "A router or a cluster is in two files"
    FRR121 = auto(), "A secret cannot be found"
    FRR122 = auto(), "A secret cannot be used"
    FRR123 = auto(), "A secret that may not be read"
    FRR130 = auto(), "Something is already there"
    FRR131 = auto(), "The inventory changes what was imported", Severity.WARNING
    FRR132 = auto(), "Neighbors that may be the nodes of a cluster", Severity.INFO
    FRR198 = auto(), "A process of frrgen was ended"
    FRR199 = auto(), "A fault of frrgen"

    # the network
    FRR201 = auto(), "A cluster names a router that is not there"
    FRR202 = auto(), "A router has no BGP for the cluster"
    FRR203 = auto(), "An address belongs to two nodes"
    FRR204 = auto(), "Two clusters share service addresses", Severity.WARNING
    FRR205 = auto(), "Internal and external nodes in one listen range"
    FRR206 = auto(), "No node can announce a pool", Severity.WARNING
    FRR207 = auto(), "A pool holds addresses that machines have"
    FRR208 = auto(), "The router's address for the cluster is wrong"
    FRR209 = auto(), "Two routers of a cluster have one address"
    FRR210 = auto(), "A reference to something undefined"
    FRR211 = auto(), "Route maps call each other in a circle"
    FRR212 = auto(), "A route map without entries"
    FRR213 = auto(), "match rpki without RPKI", Severity.WARNING
    FRR214 = auto(), "The place of a deletion does not last", Severity.WARNING
    FRR215 = auto(), "A node has two addresses of one IP version"
    FRR216 = auto(), "Two nodes have one BGP identifier"
    FRR217 = auto(), "A node's address that no session comes from"
    FRR218 = auto(), "Prefix lengths that limit nothing"
    FRR219 = auto(), "A router's address for the cluster is not known", Severity.WARNING
    FRR220 = auto(), "A list's number does not fit its kind"
    FRR221 = auto(), "FRR leaves this entry out"
    FRR222 = auto(), "A pool lies in the nodes' network", Severity.WARNING
    FRR223 = auto(), "A version of FRR that was not measured", Severity.WARNING
    FRR224 = auto(), "BGP without a neighbor", Severity.WARNING
    FRR225 = auto(), "A neighbor's address that no session comes from", Severity.WARNING
    FRR226 = auto(), "An eBGP neighbor that is not connected", Severity.WARNING
    FRR227 = auto(), "The other end has no BFD", Severity.WARNING
    FRR230 = auto(), "A neighbor without remote_as"
    FRR231 = auto(), "An empty list on a neighbor"
    FRR232 = auto(), "local_as is the router's own"
    FRR233 = auto(), "A password in the inventory", Severity.WARNING
    FRR234 = auto(), "Not in this version of FRR"
    FRR235 = auto(), "Not for this kind of session"
    FRR236 = auto(), "An eBGP session without policy", Severity.WARNING
    FRR237 = auto(), "solo does not last", Severity.WARNING
    FRR238 = auto(), "An aggregate of one address"
    FRR240 = auto(), "Defined and not used", Severity.WARNING
    FRR241 = auto(), "Not the other box of a pair"
    FRR242 = auto(), "The boxes of a pair differ"
    FRR243 = auto(), "The boxes of a pair and their CARP address"
    FRR244 = auto(), "A session that the other box does not take over", Severity.WARNING
    FRR245 = auto(), "A later FRR reads a line otherwise", Severity.INFO
    FRR246 = auto(), "match alias does not last", Severity.WARNING
    FRR247 = auto(), "local_role_strict of a peer group does not last", Severity.WARNING
    FRR248 = auto(), "Two fields about the next hop in EVPN"

    # policy
    FRR301 = auto(), "There is no such neighbor"
    FRR302 = auto(), "That is no route"
    FRR303 = auto(), "That names no policy"
    FRR304 = auto(), "There is no such route map"
    FRR305 = auto(), "There is no such cluster"
    FRR306 = auto(), "Not a version of FRR, or an unknown version"
    FRR307 = auto(), "A line about policy is not understood", Severity.WARNING
    FRR310 = auto(), "A line of a prefix list never decides", Severity.WARNING
    FRR311 = auto(), "A line of a prefix list changes nothing", Severity.WARNING
    FRR312 = auto(), "A route-map entry is never reached", Severity.WARNING
    FRR313 = auto(), "A route-map entry matches no route", Severity.WARNING
    FRR314 = auto(), "The inbound policy permits everything", Severity.WARNING
    FRR315 = auto(), "No password and no TTL security", Severity.WARNING
    FRR316 = auto(), "The policy accepts routes that must not be announced", Severity.WARNING
    FRR317 = auto(), "A private ASN leaks", Severity.WARNING
    FRR318 = auto(), "No maximum_prefix", Severity.WARNING
    FRR319 = auto(), "match source-protocol on an inbound map", Severity.WARNING
    FRR320 = auto(), "The next hop is the neighbor itself", Severity.WARNING
    FRR321 = auto(), "The router accepts more from the cluster than its pools", Severity.WARNING
    FRR322 = auto(), "The router drops what the cluster announces", Severity.WARNING
    FRR323 = auto(), "maximum_prefix is too small for the cluster", Severity.WARNING
    FRR324 = auto(), "The two ends of a cluster's session differ", Severity.WARNING
    FRR325 = auto(), "FRR drops this clause"
    FRR326 = auto(), "An empty list in a match clause"
    FRR327 = auto(), "The optimiser of route maps"
    FRR328 = auto(), "Routes may go around", Severity.WARNING
    FRR329 = auto(), "The router uses only one node of a cluster", Severity.WARNING
    FRR330 = auto(), "What the router accepts from the cluster is not proven", Severity.WARNING

    # files and templates
    FRR401 = auto(), "A template is wrong"
    FRR402 = auto(), "A file cannot be written"
    FRR403 = auto(), "A file cannot be read"
    FRR404 = auto(), "Intended, and beyond the model", Severity.WARNING
    FRR405 = auto(), "Not a configuration of FRR"
    FRR406 = auto(), "Part of a configuration was not understood"
    FRR407 = auto(), "An intended line was not understood, and its place would be emptied"
    FRR408 = auto(), "A file is too large"
    FRR409 = auto(), "Graphviz cannot draw the picture"
    FRR410 = auto(), "The picture is larger than Mermaid draws", Severity.WARNING
    FRR431 = auto(), "A configuration file's route maps call each other in a circle"
    FRR432 = auto(), "The change would kill bgpd"
    FRR450 = auto(), "A later FRR reads this otherwise"
    FRR451 = auto(), "A later FRR has another default", Severity.WARNING
    FRR452 = auto(), "A later FRR acts otherwise on this line", Severity.WARNING

    # push
    FRR501 = auto(), "SSH cannot be set up"
    FRR502 = auto(), "The host key is another than the known key"
    FRR503 = auto(), "The router cannot be reached"
    FRR504 = auto(), "The router refuses the login"
    FRR505 = auto(), "The connection was lost"
    FRR506 = auto(), "Too much output"
    FRR507 = auto(), "No answer in time"
    FRR510 = auto(), "The router cannot do a step"
    FRR511 = auto(), "A daemon is not running"
    FRR512 = auto(), "Another push is under way"
    FRR513 = auto(), "vtysh refuses the commands"
    FRR514 = auto(), "The startup configuration cannot be saved"
    FRR515 = auto(), "The router cannot be locked"
    FRR516 = auto(), "bgpd answers in another form"
    FRR521 = auto(), "The configuration moved"
    FRR522 = auto(), "Not what was intended"
    FRR523 = auto(), "Going back failed"
    FRR524 = auto(), "Rolled back"
    FRR525 = auto(), "The state is unknown"
    FRR526 = auto(), "Interrupted"
    FRR527 = auto(), "Not started"
    FRR528 = auto(), "Not armed any more"
    FRR529 = auto(), "A push is waiting to be confirmed"
    FRR530 = auto(), "No such backup"
    FRR531 = auto(), "Sessions did not come back"
    FRR532 = auto(), "The plan is out of date"
    FRR534 = auto(), "No push waits to be confirmed"
    FRR535 = auto(), "The push cannot be confirmed"

    # the speaker
    FRR601 = auto(), "A node speaks to no router"
    FRR602 = auto(), "Which node?"
    FRR603 = auto(), "It is not known where to dial"
    FRR604 = auto(), "A prefix is announced twice"
    FRR605 = auto(), "The speaker cannot listen"
    FRR606 = auto(), "There is no speaker"
    FRR607 = auto(), "Not a source of the speaker"
    FRR608 = auto(), "A line of a prefix file is no prefix"
    FRR609 = auto(), "The cluster's API server cannot be found"
    FRR610 = auto(), "The cluster's API server does not answer"
    FRR611 = auto(), "A package is missing"
    FRR612 = auto(), "Not a manifest of Services"
    FRR613 = auto(), "Not what a node sent"

    # MetalLB
    FRR620 = auto(), "MetalLB cannot say this"
    FRR621 = auto(), "Not a manifest of MetalLB"
    FRR622 = auto(), "The model cannot say what MetalLB says"
    FRR623 = auto(), "The nodes of a cluster are not known", Severity.WARNING
    FRR624 = auto(), "The password of a cluster is not known", Severity.WARNING

    # pfSense
    FRR700 = auto(), "Not XML that pfSense could read"
    FRR701 = auto(), "An element stands twice"
    FRR702 = auto(), "The FRR package does not know this element", Severity.WARNING
    FRR703 = auto(), "A section of another shape"
    FRR704 = auto(), "A raw configuration that is not base64"
    FRR705 = auto(), "pfSense could not store this"
    FRR706 = auto(), "There is no safe place for it"
    FRR707 = auto(), "The FRR package is too old"
    FRR708 = auto(), "The version of the FRR package is assumed", Severity.WARNING
    FRR709 = auto(), "Text beside elements"
    FRR710 = auto(), "The config.xml is too long"
    FRR711 = auto(), "The config.xml is encrypted"
    FRR712 = auto(), "The config.xml is not UTF-8"
    FRR713 = auto(), "Not a configuration of pfSense"
    FRR720 = auto(), "The platform has no place for this"
    FRR721 = auto(), "A name that pfSense leaves out"
    FRR722 = auto(), "A reference to something undefined on pfSense"
    FRR723 = auto(), "Bounds that pfSense does not save"
    FRR724 = auto(), "Text that pfSense does not keep"
    FRR725 = auto(), "No master password", Severity.INFO
    FRR726 = auto(), "Communities are not sent", Severity.WARNING
    FRR727 = auto(), "Attached, this map would drop every route", Severity.WARNING
    FRR728 = auto(), "An internal neighbor without policy", Severity.INFO
    FRR729 = auto(), "A raw configuration replaces the sections"
    FRR730 = auto(), "An empty CARP VIP"
    FRR731 = auto(), "Stored, and left out", Severity.WARNING
    FRR732 = auto(), "One name for lists of both IP versions"
    FRR733 = auto(), "pfSense has no such gateway"
    FRR734 = auto(), "pfSense has no such interface"
    FRR735 = auto(), "An update-source that pfSense leaves out"
    FRR736 = auto(), "An on_match that pfSense leaves out"
    FRR737 = auto(), "A neighbor's clause that pfSense leaves out"
    FRR738 = auto(), "FRR refuses what the package writes"
    FRR739 = auto(), "The package's page refuses this"
    FRR740 = auto(), "PHP failed on the box"
    FRR741 = auto(), "A text that config.xml does not keep"
    FRR742 = auto(), "No room on the box"
    FRR743 = auto(), "write_config() failed"
    FRR744 = auto(), "The FRR package is not installed"
    FRR745 = auto(), "A push would do nothing: a raw configuration replaces the sections"
    FRR746 = auto(), "frr.conf is not what was predicted"
    FRR747 = auto(), "The sections were changed by someone else"
    FRR749 = auto(), "The package is still at work"
    FRR750 = auto(), "frr-reload does not get through the configuration"
