/** Whoever begins like this speaks to us; the rest is what they want. */
const TO_US = /^(?:@?firebreak)\b[\s,:]*/;
const POLITE =
  /^(?:please|pls|plz|hey|hi|ok|okay|so|can you|could you|would you|will you|let's|lets)\b[\s,:]*/;
const AFTERWARDS = /[\s,]*\b(?:please|pls|plz|now|thanks|thx|thank you)$/;

/** A sentence in one spelling: lower case, straight quotes, single spaces, no politeness, no full stop at its end. */
export function plainWords(text: string): { readonly words: string; readonly toUs: boolean } {
  let words = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[‘’ʼ`´]/g, "'")
    .replace(/[“”"]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\s.!?,;:…]+$/, '');
  const toUs = TO_US.test(words);
  if (toUs) words = words.replace(TO_US, '');
  // Twice: "hey, can you ...".
  for (let round = 0; round < 2; round += 1) words = words.replace(POLITE, '');
  return { words: words.replace(AFTERWARDS, '').trim(), toUs };
}
