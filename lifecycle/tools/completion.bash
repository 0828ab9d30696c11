# completion.bash: completion of the command `lifecycle` for bash
#
# SPDX-License-Identifier: LGPL-2.1-or-later

# The commands, as the help lists them.
_lifecycle_commands ()
{
  "$1" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# The options of a command.
_lifecycle_options ()
{
  "$1" "$2" --help 2>/dev/null | grep -oE -e '--[a-z-]+'
}

# The numbers and names of the programs that can be inspected.
_lifecycle_programs ()
{
  "$1" ps 2>/dev/null | awk 'NR > 1 { print $1; print $2 }'
}

# The paths of the scopes of a program.
_lifecycle_paths ()
{
  "$1" tree "$2" --json 2>/dev/null | sed -n 's/^ *"path" : "\(.*\)",\{0,1\}$/\1/p'
}

_lifecycle ()
{
  local tool=${COMP_WORDS[0]} command=${COMP_WORDS[1]} current=${COMP_WORDS[COMP_CWORD]}
  local previous=${COMP_WORDS[COMP_CWORD-1]} program= n=0 i

  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_lifecycle_commands "$tool") --help --version" -- "$current")
    return
  fi

  case $previous in
    --output | -o)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return ;;
    --reason | -r)
      if [ "$command" = close ]; then
        mapfile -t COMPREPLY < <(compgen -W "completed aborted conflicted timed-out replaced shutdown" -- "$current")
        return
      fi ;;
    --kind | -k)
      mapfile -t COMPREPLY < <(compgen -W "handler source timer scope object data cleanup operation bus
        monitor process service hold binding file phase" -- "$current")
      return ;;
  esac

  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_lifecycle_options "$tool" "$command")" -- "$current")
    return
  fi

  # How many words that are no options come before this one.
  for ((i = 2; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} != -* ]]; then
      n=$((n + 1))
      program=${program:-${COMP_WORDS[i]}}
    fi
  done

  case $command in
    help)
      mapfile -t COMPREPLY < <(compgen -W "$(_lifecycle_commands "$tool")" -- "$current") ;;
    audit)
      mapfile -t COMPREPLY < <(compgen -c -- "$current") ;;
    diff | report)
      mapfile -t COMPREPLY < <(compgen -W "$(_lifecycle_programs "$tool")" -- "$current"
                               compgen -f -- "$current") ;;
    ps)
      ;;
    *)
      if [ "$n" -eq 0 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_lifecycle_programs "$tool")" -- "$current")
      elif [ "$n" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_lifecycle_paths "$tool" "$program")" -- "$current")
      fi ;;
  esac
}

complete -F _lifecycle lifecycle
