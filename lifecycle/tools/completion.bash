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
  "$1" "$2" --help 2>/dev/null | sed -nE 's/^  (-., )?(--[a-z-]+).*/\2/p'
}

# The options of a command that want a value, short and long.
_lifecycle_valued_options ()
{
  "$1" "$2" --help 2>/dev/null | sed -nE 's/^  ((-.), )?(--[a-z-]+)=.*/\2 \3/p'
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

# The values of an option.
_lifecycle_values ()
{
  local command=$1 option=$2 current=$3

  case $command:$option in
    *:--output | *:-o)
      compgen -f -- "$current" ;;
    close:--reason | close:-r)
      compgen -W "completed aborted conflicted timed-out replaced shutdown" -- "$current" ;;
    *:--kind | *:-k)
      compgen -W "handler source timer scope object data cleanup operation bus monitor process service
        hold binding file phase" -- "$current" ;;
    audit:--format | audit:-f)
      compgen -W "text json sarif junit" -- "$current" ;;
  esac
}

_lifecycle ()
{
  local tool=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]}
  local command program='' previous='' valued word words=() n=0 ended=false i

  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_lifecycle_commands "$tool") --help --version" -- "$current")
    return
  fi

  # Bash takes --kind=timer apart.
  [ "$current" != = ] || current=
  for ((i = 2; i < COMP_CWORD; i++)); do
    [ "${COMP_WORDS[i]}" = = ] || words+=("${COMP_WORDS[i]}")
  done

  # How many words come before this one that are neither options nor their values.
  command=${COMP_WORDS[1]}
  valued=" $(_lifecycle_valued_options "$tool" "$command" | tr '\n' ' ') "
  for word in "${words[@]}"; do
    if [ -n "$previous" ]; then
      previous=
    elif [ "$word" = -- ] && ! $ended; then
      ended=true
    elif [[ $word == -* ]] && ! $ended; then
      [[ $valued != *" $word "* ]] || previous=$word
    else
      n=$((n + 1))
      program=${program:-$word}
    fi
  done

  if [ -n "$previous" ]; then
    mapfile -t COMPREPLY < <(_lifecycle_values "$command" "$previous" "$current")
    return
  fi

  if [[ $current == -* ]] && ! $ended; then
    mapfile -t COMPREPLY < <(compgen -W "$(_lifecycle_options "$tool" "$command")" -- "$current")
    return
  fi

  case $command in
    help)
      mapfile -t COMPREPLY < <(compgen -W "$(_lifecycle_commands "$tool")" -- "$current") ;;
    audit)
      if [ "$n" -eq 0 ]; then
        mapfile -t COMPREPLY < <(compgen -c -- "$current" | sort -u)
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
      fi ;;
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
