# Undoes a push to a pfSense box unless it is confirmed in time: sh timer.sh ID SECONDS. POSIX sh, as FreeBSD has it.
set -u
umask 077
state=/var/db/frrgen
armed=$state/armed
undoing=$state/undoing
left=$2
is_armed() { { read -r id <"$armed/id"; } 2>/dev/null && [ "$id" = "$1" ]; }
journal() {
    line="{\"time\": \"$(date -u +%Y-%m-%dT%H:%M:%S+00:00)\", \"by\": \"$(hostname)\", \"event\": \"$1\", \"id\": \"$2\", \"why\": \"$3\"}"
    printf '%s\n' "$line" >>"$state/journal.jsonl"
    logger -t frrgen -- "$line" 2>/dev/null
}

echo $$ >"$armed/pid"
while [ "$left" -gt 0 ]; do
    sleep 1
    is_armed "$1" || exit 0
    left=$((left - 1))
    mv "$armed/again" "$armed/taken" 2>/dev/null && read -r left <"$armed/taken"
done
# whoever renames the folder first has it
is_armed "$1" && rm -rf "$undoing" && mv "$armed" "$undoing" || exit 0
for pause in 0 5 15 30 60; do
    sleep $pause
    /usr/local/bin/php -q <"$undoing/back.php" >"$undoing/said" 2>&1
    # others have written sections: nothing is written over theirs
    grep -qE '"ok":true|"kind":"conflict"' "$undoing/said" && break
done
why='not confirmed in time'
{ read -r why <"$undoing/why"; } 2>/dev/null
if grep -q '"ok":true' "$undoing/said"; then
    ! grep -q '"compared":false' "$undoing/said" || why="$why; the box became the CARP master, and what FRR runs was not compared"
    journal 'rolled back' "$1" "$why"
    rm -f /usr/local/etc/rc.d/frrgen.sh
    mv "$undoing" "$state/ended"
    rm -rf "$state/ended"
else
    what=$(sed -n 's/.*"error":"\([^"\\]*\)".*/: \1/p' "$undoing/said" | head -n 1)
    journal 'cannot go back: a person must look' "$1" "$why$what"
    : >"$undoing/failed"
    mv "$undoing" "$armed"
fi
