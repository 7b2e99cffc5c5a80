#!/bin/sh
# start, stop or restart all of FRR, as /etc/rc.conf.d/frr says
. /etc/rc.conf.d/frr
stop() {
	for pid in /run/frr/*.pid; do
		[ -e "$pid" ] || continue
		kill "$(cat "$pid")" 2>/dev/null
		for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			grep -q '^State:.[^Z]' "/proc/$(cat "$pid")/status" 2>/dev/null || break
			sleep 0.1
		done
	done
	rm -f /run/frr/*.pid /run/frr/*.vty /run/frr/zserv.api
}
start() {
	[ "$frr_enable" = YES ] || exit 0
	[ "$frr_carp" = none ] || [ "$(cat "/var/db/carp-$frr_carp" 2>/dev/null)" = MASTER ] || exit 0
	for daemon in $frr_daemons; do
		options=""
		[ "$daemon" = zebra ] && options="-s 90000000"
		[ "$daemon" = bgpd ] && options="$frr_bgpd_flags"
		/usr/lib/frr/"$daemon" -d -u frr -g frr $options
	done
	/usr/local/bin/vtysh -f /var/etc/frr/frr.conf
}
case "$1" in
	start) start ;;
	stop) stop ;;
	restart) stop; start ;;
esac
