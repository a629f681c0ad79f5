/** Whoever begins like this speaks to us; the rest is what they want. */
const TO_US = /^(?:@?firebreak)\b[\s,:]*/;
const POLITE =
  /^(?:please|pls|plz|hey|hi|ok|okay|so|can you|could you|would you|will you|let's|lets)\b[\s,:]*/;
const AFTERWARDS = /[\s,]*\b(?:please|pls|plz|now|thanks|thx|thank you)$/;

const DOUBTING =
  /^(?:please|hey|hi|ok|okay|so)?[\s,]*(?:can|could|would|will|should|shall|may|did|does|do|is|are|has|have)\b(?!n't)/;

/** A sentence in plain spelling. */
export type PlainWords = {
  readonly words: string;
  /** It begins with our name. */
  readonly toUs: boolean;
  /** It ends or begins like a question. */
  readonly isQuestion: boolean;
};

/** A sentence in one spelling: lower case, straight quotes, single spaces, no politeness, no full stop at its end. */
export function plainWords(text: string): PlainWords {
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
  const isQuestion = DOUBTING.test(words) || /[?？][\s.!…]*$/.test(text);
  // Twice: "hey, can you ...".
  for (let round = 0; round < 2; round += 1) words = words.replace(POLITE, '');
  return { words: words.replace(AFTERWARDS, '').trim(), toUs, isQuestion };
}
