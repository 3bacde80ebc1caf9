"""Bash: arrays, expansions, subshells, pipelines and here-documents."""

PROGRAMS = ["bash"]
WITNESSES = ["bash", "sort", "wc"]

SCRIPT = r'''
declare -A count
seed=1
for ((i = 0; i < 20000; i++)); do
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    ((count[w$((seed / 65536 % 500))]++))
done
for word in "${!count[@]}"; do echo "${count[$word]} $word"; done | sort -k1,1nr -k2 | head -n 10
text=
for ((i = 0; i < 3000; i++)); do text+="line $i "; done
upper=${text^^}
echo "${#text} ${upper:100:40} ${text//line/x}" | wc -c
list=()
for i in {1..20000}; do list+=("item$i"); done
echo "${#list[@]} ${list[@]:19990:5}"
for i in {1..60}; do echo "$( (echo $((i * i)); exit $((i % 3))) ) $?"; done
while read -r a b; do echo "$b:$a"; done < <(for i in {1..500}; do echo "$i $((i * 3))"; done) | tail -n 3
cat <<END | wc -l
$(for i in {1..300}; do printf '%s\n' "$i"; done)
END
slow() { sleep 0.01; return "$1"; }
for i in {1..8}; do slow "$i" & done
wait -n || echo "one ended"
wait
trap 'echo bye' EXIT
exit 3
'''


def run(space):
    space.run("bash", space.write("work.sh", SCRIPT), status=3)
