/** Why something could not be seen. A gap is shown as such and is never evidence. */
export type GapReason =
  | 'not_configured'
  | 'unreachable'
  | 'timeout'
  | 'refused'
  | 'bad_answer'
  | 'no_data'
  | 'too_large'
  | 'not_recorded'
  | 'held_back'
  /** Nothing is asked until the time that it named. */
  | 'rate_limited'
  /** What would be asked is not what somebody looked at when it was allowed. */
  | 'drifted';
export type Gap = { kind: 'gap'; reason: GapReason; detail: string };
export type Seen<T> = { kind: 'seen'; value: T } | Gap;
