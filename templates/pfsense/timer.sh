# Undoes a push to a pfSense box unless it is confirmed in time: sh timer.sh ID SECONDS. POSIX sh, as FreeBSD has it.
set -u
umask 077
state=/var/db/frrgen
left=$2
echo $$ >"$state/armed/pid"
while [ "$left" -gt 0 ]; do
    sleep 1
    { read -r id <"$state/armed/id"; } 2>/dev/null && [ "$id" = "$1" ] || exit 0
    left=$((left - 1))
done
# whoever renames the folder first has it
rm -rf "$state/undoing"
mv "$state/armed" "$state/undoing" || exit 0
/usr/local/bin/php -q <"$state/undoing/back.php" >"$state/undoing/said" 2>&1
if grep -q '"ok":true' "$state/undoing/said"; then event='rolled back'; else event='nothing was undone'; fi
why=$(sed -n 's/.*"error":"\([^"\\]*\)".*/: \1/p' "$state/undoing/said" | head -n 1)
line="{\"time\": \"$(date -u +%Y-%m-%dT%H:%M:%S+00:00)\", \"by\": \"$(hostname)\", \"event\": \"$event\", \"id\": \"$1\", \"why\": \"not confirmed in time$why\"}"
printf '%s\n' "$line" >>"$state/journal.jsonl"
logger -t frrgen -- "$line" 2>/dev/null
rm -rf "$state/undoing"
