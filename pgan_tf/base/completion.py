"""Completion of verbs, flags and values for bash and zsh."""

import re
import shlex
from collections.abc import Mapping, Sequence

_SCRIPT = """\
# Completion of {command}. Once: source <({command} --completion)
# For good: put that line into ~/.bashrc or ~/.zshrc.
if [ -n "${{ZSH_VERSION-}}" ]; then
  autoload -U +X bashcompinit && bashcompinit
fi
{function}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before="" flag="" words="" typed=""
  [ "$COMP_CWORD" -gt 0 ] && before=${{COMP_WORDS[COMP_CWORD-1]}}
  # bash takes "=" for a word of its own; zsh does not.
  case $word in
    =) flag=$before; word="" ;;
    --*=*) flag=${{word%%=*}}; word=${{word#*=}}; typed=$flag= ;;
    *) if [ "$before" = "=" ]; then flag=${{COMP_WORDS[COMP_CWORD-2]}}; fi ;;
  esac
  COMPREPLY=()
  if [ -n "$flag" ]; then
    case $flag in
{values}
      *) COMPREPLY=($(compgen -P "$typed" -f -- "$word")); return ;;
    esac
    COMPREPLY=($(compgen -P "$typed" -W "$words" -- "$word"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{flags}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  case ${{COMPREPLY[0]-}} in *=) compopt -o nospace 2>/dev/null ;; esac
}}
complete -o default -F {function} {commands}
"""


def script(
    commands: Sequence[str],
    verbs: Sequence[str],
    flags: Mapping[str, Sequence[str]],
    values: Mapping[str, Sequence[str]],
) -> str:
    """What a shell runs to complete the words of a script.

    Args:
        commands: What it is called by, such as "pgan-train".
        verbs: That come first; none for a script without verbs.
        flags: By verb, or of "" for a script without verbs: the words to
            offer, such as "--seed=" or "--plan".
        values: By flag, without dashes: what it may be, where that is known.
    """
    cases = []
    for verb, words in flags.items():
        pattern = verb or "*"
        cases.append(f"    {pattern}) words={_quoted(words)} ;;")
    if verbs:
        cases.append(f"    *) words={_quoted(verbs)} ;;")
    choices = [
        f"      --{flag}) words={_quoted(words)} ;;"
        for flag, words in values.items()
    ]
    return _SCRIPT.format(
        command=commands[0],
        commands=" ".join(commands),
        function="_" + re.sub(r"\W", "_", commands[0]),
        values="\n".join(choices),
        flags="\n".join(cases),
    )


def _quoted(words: Sequence[str]) -> str:
    return shlex.quote(" ".join(words))
