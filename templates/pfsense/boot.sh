#!/bin/sh
# Undoes a push that was not confirmed before this box was started anew. pfSense runs it when it starts; frrgen lays it here.
state=/var/db/frrgen
[ "${1:-start}" = start ] || exit 0
[ -d "$state/armed" ] || mv "$state/undoing" "$state/armed" 2>/dev/null
[ -e "$state/armed/failed" ] && exit 0
rm -f "$state/armed/again"
{ read -r id <"$state/armed/id"; } 2>/dev/null || exit 0
echo 'the box was started anew' >"$state/armed/why"
detached=setsid
[ ! -x /usr/sbin/daemon ] || detached='/usr/sbin/daemon -f'
# FRR is being started beside this
$detached /bin/sh "$state/armed/timer.sh" "$id" 10 >/dev/null 2>&1 </dev/null &
