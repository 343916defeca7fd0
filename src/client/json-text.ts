// JSON that is text already, from a surface that speaks JSON: it is checked, and stored as it stands.

/** A payload as JSON text that is to be stored byte for byte. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}
