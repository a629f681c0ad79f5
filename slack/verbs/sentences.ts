import { CallId, IncidentId } from '#core/ids.ts';
import { changing } from './change-sentences.ts';
import type { Heard, Vocabulary } from './heard.ts';
import { alertsIn, causeIn, personIn, serviceIn } from './refs.ts';
import {
  act,
  ask,
  doubt,
  type Groups,
  is,
  missing,
  NAME,
  OPTIONAL_THE,
  type Sentence,
  withService,
} from './sentence.ts';

const owning: readonly Sentence[] = [
  {
    form: is(
      "ack|acked|acknowledge|acknowledged|ack'd|seen|i see it|i've seen it|on it|i'm on it|looking|looking at it|looking into it|i'm looking",
    ),
    read: () => act({ verb: 'ack' }),
  },
  {
    form: is(
      "take|take it|i take it|i'll take it|i'll take this|taking it|taking this|i've got it|i've got this|i got it|i got this|i have it|mine|it's mine|this is mine|claim|assign to me|assign it to me",
    ),
    read: () => act({ verb: 'take' }),
  },
  // Also what somebody says who has only understood.
  { form: is('got it|gotcha'), read: () => doubt({ verb: 'take' }) },
  {
    form: is('pause|pause it|stop|stop it|stop the agents|halt|stand down'),
    read: () => act({ verb: 'pause' }),
  },
  {
    form: is(
      'wait|hold|hold on|hold off|(?:stop|pause|cancel|abort) (?:everything|all|all of it|this|that)|cancel|cancel it|abort|abort it|pause (?:it )?for .{1,40}',
    ),
    read: () => doubt({ verb: 'pause' }),
  },
  { form: is('resume|unpause|continue|go on|carry on|keep going'), read: () => act({ verb: 'resume' }) },
  {
    form: is(`(?:hand ?over|hand ?off|hand (?:it|this) (?:over|off)|handing over)(?: to ${NAME})?`),
    read: handOver,
  },
  { form: is(`(?:assign|give|pass|hand) (?:it|this) to ${NAME}`), read: handOver },
  {
    form: is(
      "accept|i accept|accepted|accept it|accept handover|accept the handover|i'll take over|i take over|taking over",
    ),
    read: () => act({ verb: 'accept' }),
  },
];

function handOver({ name }: Groups, vocabulary: Vocabulary): Heard {
  if (name === undefined) return act({ verb: 'hand_over', to: null });
  const to = personIn(vocabulary, name);
  return to === null ? missing('person') : act({ verb: 'hand_over', to });
}

const ending: readonly Sentence[] = [
  {
    form: is(
      '(?:resolve|resolved|close|close it|close this|resolve it|resolve this)(?:,? (?:as )?(?:nothing wrong|nothing was wrong|false alarm|false positive|noise))',
    ),
    read: () => act({ verb: 'resolve', resolution: 'nothing_wrong' }),
  },
  {
    form: is(
      '(?:resolve|resolved|close|close it|close this|resolve it|resolve this)(?:,? (?:as )?(?:by hand|fixed by hand|manually|fixed|fixed manually))?',
    ),
    read: () => act({ verb: 'resolve', resolution: 'by_hand' }),
  },
  {
    form: is("fixed|it's fixed|it is fixed|i fixed it|fixed it|fixed by hand|all good|done|solved"),
    read: () => doubt({ verb: 'resolve', resolution: 'by_hand' }),
  },
  {
    form: is('false alarm|false positive|nothing wrong|nothing is wrong|nothing was wrong'),
    read: () => doubt({ verb: 'resolve', resolution: 'nothing_wrong' }),
  },
  {
    form: is(
      "right cause|correct cause|cause is right|the cause is right|cause is correct|that's the cause|good diagnosis|right diagnosis",
    ),
    read: () => act({ verb: 'right_cause' }),
  },
  {
    form: is(
      "wrong cause|wrong diagnosis|cause is wrong|the cause is wrong|that's not the cause|not the cause|that's wrong",
    ),
    read: () => act({ verb: 'wrong_cause', cause: null, service: null }),
  },
  {
    form: is(
      '(?:wrong cause|wrong diagnosis)[,:]? (?:it )?(?:was |is )?(?<cause>[a-z_ ]+?) (?:of|in|at|on) (?<name>[a-z0-9._-]+)',
    ),
    read: wrongCause,
  },
  {
    form: is(
      '(?:it|the cause|cause) (?:was|is really|was really) (?<cause>[a-z_ ]+?) (?:of|in|at|on) (?<name>[a-z0-9._-]+)',
    ),
    read: wrongCause,
    chatty: true,
  },
  {
    chatty: true,
    form: is('(?:wrong cause[,:]? )?(?:it )?was (?!an? |the )(?<name>[a-z0-9._-]+) (?<cause>[a-z_ ]+)'),
    read: wrongCause,
  },
  { form: is('wrong cause[,:]? (?:it was |was )?(?<cause>[a-z_ ]+)'), read: wrongCause },
  {
    form: is('post-?mortem|post mortem|write (?:a|the) post-?mortem|write up|retro'),
    read: () => act({ verb: 'postmortem' }),
  },
];

function wrongCause({ cause: said, name }: Groups, vocabulary: Vocabulary): Heard {
  const cause = causeIn(said);
  if (cause === null) return missing('cause');
  const service = serviceIn(vocabulary, name);
  if (name !== undefined && service === null) return missing('service');
  return act({ verb: 'wrong_cause', cause, service });
}

const arranging: readonly Sentence[] = [
  {
    form: is('move(?: it| this)?(?: to)? (?<name><#[a-z0-9]+>|#?[a-z0-9_-]+)'),
    // Only what was chosen from Slack's own list is a channel: a name may look like an id.
    read: ({ name }) => {
      const channel = /^<#([cg][a-z0-9]{2,30})>$/.exec(name ?? '')?.[1];
      return channel === undefined
        ? missing('channel')
        : act({ verb: 'move', channel: channel.toUpperCase() });
    },
  },
  {
    form: is('merge(?: it| this)?(?: into| with| to)? (?<name>[a-z0-9-]+)'),
    read: ({ name }) => {
      const into = IncidentId.safeParse(name?.toUpperCase());
      return into.success ? act({ verb: 'merge', into: into.data }) : missing('incident');
    },
  },
  { form: is('split(?: it| off| out)?'), read: () => missing('alert') },
  {
    form: is('split(?: off| out)? (?<name>[^,;]{1,120})'),
    read: ({ name }, vocabulary) => {
      const alerts = alertsIn(vocabulary, name);
      return alerts.length === 0 ? missing('alert') : act({ verb: 'split', alerts });
    },
  },
  {
    chatty: true,
    form: is(
      `(?:look at|look into|have a look at|take a look at|check|check on|investigate|inspect|what about|how about|how is) ${OPTIONAL_THE}${NAME}`,
    ),
    read: ({ name }, vocabulary) =>
      withService(serviceIn(vocabulary, name), (service) => ({ verb: 'look', service })),
  },
  {
    chatty: true,
    form: is(`(?:look at|look into|check|investigate|inspect) ${OPTIONAL_THE}${NAME}(?:,| and) .{1,80}`),
    read: ({ name }, vocabulary) => {
      const service = serviceIn(vocabulary, name);
      return service === null ? missing('service') : doubt({ verb: 'look', service });
    },
  },
  {
    form: is('escalate|escalate (?:it|this)|(?:page|call|wake) @?[a-z0-9._-]+'),
    read: () => missing('call'),
  },
  ...changing,
];

const asking: readonly Sentence[] = [
  {
    form: is(
      "why|why is that|why this|how come|how do you know|explain|what's the cause|what is the cause|root cause|rca|what happened|what's wrong|what is wrong|what is going on|what's going on",
    ),
    read: () => ask({ verb: 'why' }),
  },
  {
    form: is(
      "what changed|what has changed|what's changed|changes|any changes|any deploys|recent deploys|recent changes|what was deployed|who deployed|deploys",
    ),
    read: () => ask({ verb: 'changed' }),
  },
  { form: is('(?:show|show me|open|see)? ?(?:the )?evidence(?: (?<call>e\\d{1,7}))?'), read: evidence },
  { form: is("(?:show|show me|open|what is|what's)? ?(?<call>e\\d{1,7})"), read: evidence },
  {
    form: is(
      "status|state|where are we|summary|summarize|summarise|tldr|tl;dr|update|any update|any updates|eta|sitrep|what's the status|what now|what next|what's next|next|who has it|who has this|who is on it|who's on it",
    ),
    read: () => ask({ verb: 'status' }),
  },
  {
    form: is(
      '(?:approve|approved|deny|reject|revoke|lgtm|ship it|do it|go ahead|proceed|go for it)(?: it| this| a-\\d{1,9})?',
    ),
    read: () => ask({ verb: 'decide' }),
  },
  {
    form: is('help|help me|commands|usage|what can you do|what can i say|how does this work'),
    read: () => ask({ verb: 'help' }),
  },
];

function evidence({ call }: Groups): Heard {
  const id = CallId.safeParse(call);
  return ask({ verb: 'evidence', call: id.success ? id.data : null });
}

/** All that are known; the first that fits counts. */
export const sentences: readonly Sentence[] = [...asking, ...owning, ...ending, ...arranging];
