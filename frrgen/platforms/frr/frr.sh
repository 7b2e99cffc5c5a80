# What frrgen does on a router that runs FRR: sh -c TEXT frrgen VERB [ARGUMENT…]. POSIX sh, awk, flock, setsid.
#
# A push has a folder: `staged`, and from its point of no return `armed`, until it is confirmed or undone. Whatever
# changes FRR or its startup file holds one lock, on the file of vtysh, and asks first whether the push is still armed.
set -u
umask 077
trap '' PIPE
LC_ALL=C
export LC_ALL
[ -w /var/lib ] && state=/var/lib/frrgen || state=$HOME/.frrgen
armed=$state/armed
vtysh=$(command -v vtysh) || { echo 'vtysh: not found' >&2; exit 127; }
GONE=81 MOVED=82 UNSAVED=83 DAMAGED=84 BUSY=85 STUCK=87 BROKEN=90

running() { vtysh -c 'show running-config' 2>/dev/null; }
daemons() { vtysh -c 'show daemons' 2>/dev/null; }

# Write the startup configuration, wherever vtysh keeps it.
startup() {
    if grep -qs '^no service integrated-vtysh-config' /etc/frr/vtysh.conf; then
        for file in /etc/frr/*d.conf; do [ ! -e "$file" ] || cat "$file" || return; done
    else
        cat /etc/frr/frr.conf
    fi
}

# Write a configuration in a form that says what is in it, in whatever order: each line behind its context.
plain() {
    awk '
        /^(Building configuration\.\.\.|Current configuration:|hostname )/ || /^ *(!.*|exit.*|end)?$/ { next }
        {
            match($0, /^ */)
            while (open && depth[open] >= RLENGTH) open--
            depth[++open] = RLENGTH
            name[open] = substr($0, RLENGTH + 1)
            line = name[1]
            for (one = 2; one <= open; one++) line = line " / " name[one]
            print line
        }' | sort -u
}
digest() { plain | sha256sum | cut -c 1-64; }

# Wait for the lock, for so many seconds.
alone() { exec 9<"$vtysh" && flock -w "$1" 9 || exit $BUSY; }

# Name this start of the machine, or of the container.
boot() { cat /proc/sys/kernel/random/boot_id && sed 's/.*) //' /proc/1/stat | cut -d ' ' -f 20; }

# Tell whether this push is armed.
is_armed() { read -r id 2>/dev/null <"$armed/id" && [ "$id" = "$1" ]; }
must_be_armed() { is_armed "$1" || exit $GONE; }

# Tell whether all these daemons run.
all_run() {
    up=" $(daemons | tr -s '\n' ' ') "
    for daemon in $1; do case $up in *" $daemon "*) ;; *) return 1 ;; esac; done
}

journal() { printf '%s\n' "$1" >>"$state/journal.jsonl" || return; logger -t frrgen -- "$1" 2>/dev/null; return 0; }
now() { date -u +%Y-%m-%dT%H:%M:%S+00:00; }
by_itself() {
    journal "{\"time\": \"$(now)\", \"by\": \"$(hostname)\", \"event\": \"$1\", \"id\": \"$2\", \"why\": \"$3\"}"
}

# The push has ended: its folder goes, at once for all who look.
ended() { rm -rf "$state/ended"; mv "$armed" "$state/ended" && rm -rf "$state/ended"; }

# Take standard input apart: a line `MARK NAME` begins each file.
unpack() { awk -v mark="$1" 'index($0, mark " ") == 1 { name = substr($0, length(mark) + 2); printf "" >name; next } { print >name }'; }

# Carry out files of lines, one after the other, up to the first that goes wrong.
batch() {
    for file in "$@"; do
        [ -e "$file" ] || continue
        shown=$(vtysh -f "$file" 2>&1)
        status=$?
        printf '%s\n' "$shown"
        ! printf '%s\n' "$shown" | grep -vEf "$armed/note" | grep -qEf "$armed/bad" || return
        [ $status = 0 ] || return $status
    done
}

# Put the startup files back as they were when the push was armed.
restore_startup() {
    [ -d "$armed/etc" ] || return 0
    for kept in "$armed"/etc/*; do
        file=/etc/frr/${kept##*/}
        cmp -s "$kept" "$file" && continue
        { cp -p "$kept" "$file.frrgen" && mv "$file.frrgen" "$file"; } ||
            { rm -f "$file.frrgen"; cmp -s "$kept" "$file.sav" && mv "$file.sav" "$file"; } || return
    done
}

as_before() { all_run "$(cat "$armed/daemons")" && running | plain | cmp -s - "$armed/before.plain"; }

# Clear sessions: hard only where none is up, as in an instance that was shut down.
clear_sessions() {
    while read -r line; do
        case $line in
        *' soft'*) ;;
        *)
            scope=${line#clear bgp}
            ! vtysh -c "show bgp${scope%\*}summary json" 2>/dev/null | grep -q '"state": *"Established"' || continue
            ;;
        esac
        vtysh -c "$line" >/dev/null 2>&1
    done <"$1"
}

# Restart the sessions that would keep an old value.
restart() {
    set --
    while read -r line; do set -- "$@" -c "$line"; done <"$armed/restart"
    vtysh "$@"
}

# Bring back what ran before. Its batch was made beforehand; what came of it is looked at.
undo() {
    alone 600
    must_be_armed "$1"
    mv "$armed/go" "$armed/halted" 2>/dev/null
    for pause in 0 1 2 5 10 20 30; do
        as_before && break
        sleep $pause
        all_run "$(cat "$armed/daemons")" || continue
        # a batch that goes wrong holds none up here: what it should undo may never have been done
        for file in "$armed"/back.*; do [ ! -e "$file" ] || vtysh -f "$file" >/dev/null 2>&1; done
    done
    if as_before && restore_startup; then
        clear_sessions "$armed/clear"
        [ ! -e "$armed/restarting" ] || restart >/dev/null 2>&1
        by_itself 'rolled back' "$1" "$2"
        ended
        exit 0
    fi
    by_itself 'cannot go back: a person must look' "$1" "$2"
    mv "$armed/halted" "$armed/failed" 2>/dev/null
    exit $STUCK
}

# Save what runs, if it is still what was verified; believe it when it was read back.
keep() {
    alone 60
    must_be_armed "$1"
    all_run "$(cat "$armed/daemons")" && [ "$(running | digest)" = "$2" ] || exit $MOVED
    said=$(vtysh -c write 2>&1)
    if startup >/dev/null 2>&1; then
        [ "$(startup | digest)" = "$2" ]
    else
        case $said in *'[OK]'*) true ;; *) false ;; esac
    fi || { restore_startup || exit $DAMAGED; printf '%s\n' "$said" >&2; exit $UNSAVED; }
    journal "$3"
    ended
}

# Start a verb in a session of its own, from the copy that was staged: it goes on if we are cut off.
detached() { setsid sh "$armed/frr.sh" "$@" </dev/null >/dev/null 2>&1 & }

verb=$1
shift
case $verb in
look) # MARK SECONDS [startup]
    flock -s -w "$2" -E $BUSY "$vtysh" vtysh -c 'show daemons' -c 'show running-config' || exit
    [ $# -lt 3 ] || { printf '\n%s startup\n' "$1"; startup 2>/dev/null && printf '\n%s whole\n' "$1"; }
    printf '\n%s sessions\n' "$1"
    vtysh -d bgpd -c 'show bgp vrf all summary json' 2>/dev/null
    printf '\n%s pending\n' "$1"
    if [ -e "$armed/about" ]; then
        timer=off
        flock -n -s "$armed/about" true || timer=on
        [ "$(boot)" = "$(cat "$armed/boot")" ] || timer=rebooted
        [ ! -e "$armed/failed" ] || timer=failed
        printf '%s %s %s\n' "$timer" "$(($(cat "$armed/until") - $(date +%s)))" "$(cat "$armed/verified" 2>/dev/null)"
        cat "$armed/about" "$armed/after"
        [ -e "$armed/restarted" ] || cat "$armed/restart" 2>/dev/null
    fi
    printf '\n%s end\n' "$1"
    ;;
lock) # ID OWNER
    exec 8</run/frr || exit
    if ! flock -n 8; then
        read -r id pid owner 2>/dev/null <"$state/lock" || owner=
        [ -n "$owner" ] && [ "$id" = "$1" ] && kill "$pid" && flock -w 10 8 || { echo "busy $owner"; exit; }
    fi
    flock -w 60 "$vtysh" true || { echo 'busy a batch'; exit; }
    mkdir -p "$state" && printf '%s %s %s\n' "$1" $$ "$2, since $(now)" >"$state/lock"
    rmdir "$state" 2>/dev/null
    echo locked
    exec cat >/dev/null
    ;;
stage) # MARK BYTES
    mkdir -p "$state" && rm -rf "$state/staged" && mkdir "$state/staged" && cd "$state/staged" || exit $BROKEN
    unpack "$1" && [ "$(cat ./* | wc -c)" -eq "$2" ] || { echo 'not all of it arrived' >&2; rm -rf "$state/staged"; exit $BROKEN; }
    status=0
    for file in forth.*; do
        [ ! -s "$file" ] || vtysh -C -f "$file" 2>&1 || status=$?
    done
    exit $status
    ;;
unstage) rm -rf "$state/staged"; rmdir "$state" 2>/dev/null ;;
arm) # ID SECONDS [INSTEAD]; the journal's line
    [ ! -e "$armed" ] || is_armed "$3" || exit $STUCK
    read -r line
    cd "$state/staged" &&
        plain <before.conf >before.plain &&
        boot >boot &&
        echo $(($(date +%s) + $2)) >until &&
        mkdir etc && { cp -p /etc/frr/*.conf etc/ 2>/dev/null || rm -rf etc; } &&
        cp before.conf "$state/backup-$1.conf" &&
        : >go && journal "$line" && sync || exit $BROKEN
    [ ! -e "$armed" ] || ended
    mv "$state/staged" "$armed" || exit $BROKEN
    ls -1t "$state"/backup-*.conf | tail -n +11 | while read -r old; do rm -f "$old"; done
    detached timer "$1" "$2"
    echo "$state/backup-$1.conf"
    ;;
timer) # ID SECONDS
    exec 7<"$armed/about" && flock -n 7 || exit
    left=$2
    while [ "$left" -gt 0 ]; do
        sleep 1
        is_armed "$1" || exit 0
        left=$((left - 1))
        mv "$armed/again" "$armed/taken" 2>/dev/null && read -r left <"$armed/taken"
    done
    undo "$1" 'not confirmed in time'
    ;;
extend) # ID SECONDS [DIGEST]
    must_be_armed "$1"
    [ -z "$3" ] || echo "$3" >"$armed/verified" || exit $BROKEN
    echo $(($(date +%s) + $2)) >"$armed/until" && echo "$2" >"$armed/next" && mv "$armed/next" "$armed/again"
    ;;
apply) # ID
    must_be_armed "$1"
    detached forth "$1"
    wait $!
    status=$?
    cat "$armed/said" 2>/dev/null
    exit $status
    ;;
forth) # ID
    alone 600
    must_be_armed "$1"
    [ -e "$armed/go" ] || exit $GONE
    batch "$armed"/forth.* >"$armed/said" 2>&1
    ;;
more) # ID MARK BYTES: another batch of this push, to go back
    must_be_armed "$1"
    rm -rf "$armed/more" && mkdir "$armed/more" && cd "$armed/more" && unpack "$2" && [ "$(cat ./* | wc -c)" -eq "$3" ] || exit $BROKEN
    detached back "$1"
    wait $!
    ;;
back) # ID
    alone 600
    must_be_armed "$1"
    batch "$armed"/more/* >/dev/null 2>&1
    ;;
restart) # ID
    must_be_armed "$1"
    : >"$armed/restarting" || exit $BROKEN
    restart && : >"$armed/restarted"
    ;;
settle) # ID SECONDS: wait until nothing of ours changes anything any more, and let nothing begin
    alone "$2"
    must_be_armed "$1"
    mv "$armed/go" "$armed/halted" 2>/dev/null
    exit 0
    ;;
confirm) # ID DIGEST; the journal's line
    must_be_armed "$1"
    read -r line
    setsid sh "$armed/frr.sh" keep "$1" "$2" "$line" </dev/null >/dev/null &
    wait $!
    ;;
keep) keep "$@" ;; # ID DIGEST LINE
undo) # ID WHY
    must_be_armed "$1"
    detached undone "$1" "$2"
    wait $!
    ;;
undone) undo "$1" "$2" ;;
history) cat "$state/journal.jsonl" 2>/dev/null; exit 0 ;;
kept) # [ID]
    file=$state/backup-$1.conf
    [ -n "$1" ] || file=$(ls -1t "$state"/backup-*.conf 2>/dev/null | head -n 1)
    [ -n "$file" ] && cat "$file"
    ;;
esac
