// Help in the reader's language: verbs declare English, and what commander prints of it is translated here.
// Owns nothing but the places where help shows text. Leaves the words to base/messages.

import { Help, type Command } from 'commander'

import type { Texts } from '../base/messages/messages.ts'

const PLAIN = new Help()

/** From now on the help of this command and of those made from it is told in the language of `texts`. */
export function speakHelp(command: Command, texts: Texts): Command {
  return command.configureHelp({
    showGlobalOptions: true,
    styleTitle: (title) => texts.of(title),
    commandUsage(shown) {
      const ancestors = shown.parent === null ? '' : `${shown.parent.name()} `
      return `${ancestors}${shown.name()} ${texts.of(shown.usage())}`
    },
    commandDescription: (shown) => texts.of(shown.description()),
    subcommandDescription: (shown) => texts.of(shown.summary() || shown.description()),
    argumentDescription: (argument) => texts.of(argument.description),
    // Choices and defaults follow the description and need no translation.
    optionDescription: (option) =>
      PLAIN.optionDescription(option).replace(option.description, () => texts.of(option.description)),
  })
}
