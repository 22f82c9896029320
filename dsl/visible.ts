/** Text in which nothing acts on what shows it: what a terminal obeys, what XML forbids, and what turns text around. */

// C0 and C1 controls and DEL, halves of surrogate pairs, non-characters, and the marks that embed, override or isolate
// a direction. Tabs and line breaks stay.
const acting =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The text with such characters spelled as JSON does, `\u001b`; in a JSON text it means the same as before. */
export const visible = (text: string): string => text.replace(acting, escaped);

/** The same on one line. */
export const visibleLine = (text: string): string => visible(text).replace(/[\t\n\r]/g, escaped);
