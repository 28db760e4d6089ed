// Text that somebody else wrote: addresses, messages, names. It is shown as text, one line of bounded length, in which
// no character can act on the text around it.

const LONGEST = 2000;

// Controls, and the marks that reorder text: with them "gpj.exe" can be made to read "exe.jpg".
const ACTING_CHARACTERS = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** `value` as a line of text; empty when it is no text. */
export function foreignText(value, longest = LONGEST) {
  if (typeof value !== "string") return "";
  const line = value.length > longest ? `${wholeCharacters(value, longest)}… (${value.length} characters)` : value;
  return line.replace(ACTING_CHARACTERS, " ").trim();
}

// Cutting between the halves of a surrogate pair would leave a broken character.
function wholeCharacters(text, length) {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/** `value` as an address that a link may lead to, or null: foreign addresses may be scripts. */
export function webAddress(value, base) {
  const url = URL.canParse(value, base) ? new URL(value, base) : null;
  return url && (url.protocol === "https:" || url.protocol === "http:") ? url.href : null;
}
