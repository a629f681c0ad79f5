import type { Answer, AnswerChange, PersonChange, Say, TermsChange } from '#approvals/policy-answers.ts';
import { count } from './numbers.ts';

/** A difference between two policies as lines: first what allows more, then the rest. */
export function renderTermsChange({ answers, people }: TermsChange): string[] {
  const lines = [
    ...people.map((one) => ({ wider: one.wider, text: personLine(one) })),
    ...answers.map((one) => ({ wider: one.wider, text: answerLine(one) })),
  ];
  const told = (wider: boolean) => lines.filter((line) => line.wider === wider).map(({ text }) => text);
  return [...told(true).map((text) => `MORE  ${text}`), ...told(false).map((text) => `      ${text}`)];
}

export function countTermsChange({ answers, people }: TermsChange): string {
  return countTerms(answers.length, people.length);
}

/** `3 answers and 1 person`. */
export function countTerms(answers: number, people: number): string {
  const parts = [
    ...(answers > 0 ? [count(answers, 'answer')] : []),
    ...(people > 0 ? [count(people, 'person', 'people')] : []),
  ];
  return parts.length === 0 ? 'nothing' : parts.join(' and ');
}

function answerLine({ agent, tool, service, environment, before, after }: AnswerChange): string {
  return `${agent} ${tool} ${service} (${environment}): ${answerWord(before)} -> ${answerWord(after)}`;
}

function answerWord(answer: Answer | null): string {
  if (answer === null) return 'not there';
  switch (answer.kind) {
    case 'deny':
      return `refused (${answer.reason.replaceAll('_', ' ')})`;
    case 'record':
      return answer.mode === 'propose' ? 'shown as a command' : 'recorded, nobody is asked';
    case 'ask': {
      const { approvers, owners } = answer;
      const may = approvers.length === 0 ? 'nobody may approve' : `${approvers.join(', ')} may approve`;
      return owners.length === 0 ? may : `${may}, owners ${owners.join(', ')}`;
    }
  }
}

function personLine({ person, before, after }: PersonChange): string {
  return `${person}: ${sayWord(before)} -> ${sayWord(after)}`;
}

function sayWord(say: Say | null): string {
  if (say === null) return 'has no say';
  if (!say.owns) return 'approves';
  return say.teams.length === 0 ? 'approves, owner' : `approves, owner of ${say.teams.join(', ')}`;
}
