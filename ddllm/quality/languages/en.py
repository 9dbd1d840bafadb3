"""English."""

from ddllm.quality.grammar import Grammar

_ADVERBS = r"(?:[a-z]+ly,? |just |also |still |must |simply |do |therefore |thus |as an ai[^.,]{0,40}, |, as [^.,]{0,60}, ){0,3}"
_MINE = r"(?:my|our|openai's|anthropic's|the|these|strict|ethical|content|usage|safety|company|platform)"
_RULES = r"(?:guidelines?|guidance|polic(?:y|ies)|rules|programming|instructions|principles|terms|training|configuration|developers?|standards|values|code)"
_TASK = r"(?:provid|offer|shar|assist|help|generat|creat|produc|discuss|disclos|engag|answer|fulfil|complet|promot|comply|support|writ|giv|suggest|speculat|reveal|encourag)"
_SERVICE = r"(?:assistant|chatbot|chat bot|bot|chat|helpdesk|help desk|support channel|ai|agent|helper|concierge|tutor)"

GRAMMAR = Grammar(
    heads=(
        (
            "i",
            rf" i,? {_ADVERBS}(?:can't|cannot|can not|cant|won't|will not|wont|'m not|shouldn't|should not|may not|am not|don't have the (?:ability|capability|authority|authorization|permission) to|do not have the (?:ability|capability|authority|authorization|permission) to|don't|do not"
            r"|am unable|am prohibited|am restricted|am barred|am forbidden|am prevented|refuse|decline|would not|wouldn't|would rather not|prefer not"
            r"|would prefer not|choose not|must not|have no intention|have chosen not|have been (?:instructed|asked|told|designed|programmed|trained) not)\b"
            r"(?: (?:able|allowed|permitted|authori[sz]ed|willing|going|programmed|designed|equipped|supposed|prepared|comfortable|here|meant|capable|trained|configured|set up"
            r"|at liberty|in a position|intended|built|qualified|cleared|entitled|of)(?! not)| to| think i (?:can|should|could)| feel (?:comfortable|right)| from| with){0,4}",
        ),
        (
            "m ll d",
            r" i'(?:m|ll|d) (?:[a-z]+ly |just |also |still |afraid (?:that )?i'm |sorry,? (?:but )?)?(?:not|unable|prohibited|restricted|barred|forbidden|prevented|rather not|prefer not)\b"
            r"(?: (?:able|allowed|permitted|authori[sz]ed|willing|going|programmed|designed|equipped|supposed|prepared|comfortable|here|meant|capable|trained|configured|set up"
            r"|at liberty|in a position|intended|built|qualified|cleared|entitled|of)| to| from| with| be){0,4}",
        ),
        ("im", r" im (?:not able|unable|not allowed|not going|not comfortable)(?: to)?"),
        (
            "we",
            r" we(?:'re| are)? (?:[a-z]+ly )?(?:can't|cannot|unable to|not able to|don't|do not|won't|will not)\b(?=[^.!?]{0,30} (?:help|assist|fulfil|comply|answer|discuss))",
        ),
        (
            "assistant",
            r"(?:this|the|your|our|[a-z]+'s) (?:\w+ ){0,2}assistant (?:can't|cannot|can not|won't|will not|(?:is|was) (?:not (?:able|allowed|permitted|designed|configured|authori[sz]ed)|unable) to|does(?:n't| not))",
        ),
        (
            "bot chatbot",
            r"bot (?:can't|cannot|can not|won't|will not|is (?:not (?:able|allowed|permitted|designed|configured)|unable) to|does(?:n't| not))",
        ),
        # without a subject: at the start of a sentence or clause
        (
            "t cannot",
            r"can(?:'t(?:(?<=[.!?:;,-] can't)|(?<=but can't))|not(?:(?<=[.!?:;,-] cannot)|(?<=but cannot)))\b",
        ),
        ("unable", r"unable to(?<=[.!?:;,-] unable to)"),
        (
            "able allowed going",
            r"not (?:able to(?<=[.!?:;,-] not able to)|allowed to(?<=[.!?:;,-] not allowed to)|going to(?<=[.!?:;,-] not going to))",
        ),
    ),
    declines=(
        (
            "decline declining",
            r" (?:i|we)(?:'m|'ll|'d|'ve)? (?:(?:am|must|have|need|to|will|would|should|be|going|do|[a-z]+ly) ){0,5}declin(?:e|ing)\b",
        ),
        (
            "refuse refusing",
            r" i(?:'m|'ll|'d|'ve)? (?:(?:am|must|have|need|to|will|would|should|be|going|do|[a-z]+ly) ){1,5}refus(?:e|ing)\b",
        ),
        (
            "pass",
            r" i(?:'m|'ll|'d)? (?:(?:am|must|have|need|to|will|would|should|going|gonna|[a-z]+ly) ){1,5}(?:pass(?: on (?:this|that|it|these|your)\b|[.,!:;]| here)|take a pass)| hard pass\b",
        ),
        (
            "down",
            r" i(?:'m|'ll|'d|'ve)? (?:(?:am|must|have|need|to|will|would|should|going|[a-z]+ly) ){0,5}turn(?:ing)? (?:this|that|it|you|these|your request|the request) down\b",
        ),
        (
            "declining declined",
            r"declin(?:ing(?<=[.!?:-] declining)|ed(?<=[.!?:-] declined))(?:[.:]| (?:this|that|to)\b)",
        ),
        ("say", r" i(?:'m|'ll|'d)? (?:(?:must|have|need|to|will|would|should|going|[a-z]+ly) ){1,4}say no\b"),
        ("draw", r" i(?:'ll|'d|'m going to)? (?:(?:must|have|need|to|will|would|should) ){0,3}draw the line"),
        (
            "here",
            r" i(?:'ll|'m going to|'d rather)? (?:(?:must|have|need|to|will|would|should|am|going) ){0,4}(?:stop|leave it|draw the line) here",
        ),
        (
            "out",
            r" i(?:'ll|'m going to|'d rather)? (?:(?:must|have|need|to|will|would|should|am|going) ){0,4}(?:(?:stay|keep|sit|bow|opt) out of (?:this|that|it)|sit (?:this|that)(?: one)? out)",
        ),
        ("abstain", r" i (?:must|have to|need to|will|should) (?:[a-z]+ly )?abstain"),
        ("refrain", r" i (?:must|have to|need to|will|should|'ll) (?:[a-z]+ly )?refrain from"),
        (
            "use",
            r" (?:won't|will not|cannot|can't|programmed to|refuse to|going to|able to) (?:[a-z]+ )?use (?:or promote (?:the use of )?)?(?:\w+ ){0,6}?(?:language|slurs?|insults|stereotypes|profanity)",
        ),
        ("table", r"off the table(?: for me)?[.,!]"),
        ("version", r"no version of (?:this|that|it)"),
        ("comfortable", r"(?:thing|that|which|what) i(?:'d| would|'m| am) (?:not )?(?:be )?comfortable"),
        ("do", r"(?:[ -])no can do"),
        ("count", r"count me out"),
        (
            "something anything",
            r"(?:not|n't) (?:\w+ ){0,3}(?:some|any)thing (?:that )?i(?:'m|'ll|'d)? (?:can |am |will |would |do |could |want to |feel |ever )?(?:be |able |allowed |permitted |willing |going |prepared |comfortable |authori[sz]ed |set up )?(?:to |with )?(?:help|provide|offer|engage|assist|do|support|discuss|write|produce|create|generat|share|answer|comfortable|with|willing|allowed|able|going|can[.,; ]|comment|advise|take|touch|give|get)"
            r"|not (?:some|any)thing (?:that )?i (?:can|do|will)\b(?! (?:see|find|verify|confirm|check|access|tell|know))"
            r"|(?:some|any)thing (?:that )?i(?:'m not| am not| can't| cannot| won't| will not| don't| do not) (?:be )?(?:able |allowed |willing |going |comfortable )?(?:to )?(?:help|provide|offer|engage|assist|do|support|discuss|write|produce|create|share|answer|doing|going|permitted|allowed|willing|comfortable|with|take part)",
        ),
        (
            "me",
            r" (?:isn't|is not|not|that one's not) (?:one |a (?:topic|task|request|job) )?for me(?: to \w+)?[.,!:;]"
            r"|(?:not|n't|never) (?:\w+ ){0,3}(?:appropriate|ethical|acceptable|responsible|right|legal|okay|ok|possible|proper|permissible|my place)(?:,? (?:or|and|nor) \w+)* (?:for|of) me to"
            r"| (?:inappropriate|unethical|irresponsible|wrong|impossible|improper|illegal|inadvisable|unlawful|unsafe|reckless|dishonest|harmful)(?:,? (?:or|and) \w+)* (?:for|of) me to",
        ),
        (
            "appropriate inappropriate",
            rf" it(?:'s| is| would be| wouldn't be| isn't) (?:(?:also|neither|generally|simply|both|not|never) ){{0,2}}(?:in)?appropriate(?: (?:or|and|nor) \w+){{0,2}} to (?:provid|generat|creat|produc|disclos|discuss|engag|answer|assist|offer|write)\w* (?!.*\bhere (?:is|are)\b)",
        ),
        (
            "ethical unethical",
            r" it(?:'s| is| would be| isn't) (?:(?:also|neither|not|never|generally) ){0,2}(?:un)?ethical(?: (?:or|and|nor) \w+){0,2} to (?:provid|generat|creat|produc|disclos|discuss|engag|answer|assist|offer)",
        ),
        ("me", rf" (?:prevent|prohibit|forbid|bar|stop|keep|restrict|preclude|block)(?:s|ed|ing)? me from"),
        (
            "me",
            r"(?:n't|not|never) (?:allow|permit|let|enable|authori[sz]e)(?:ed)? me to|ask(?:ed|s|ing)? me not to|instruct(?:ed|s)? (?:me )?not to|require[sd]? me to (?:decline|refuse)|tells? me not to",
        ),
        (
            "against",
            rf"(?:goes|go|is|are|would be|would go|going|runs?) against (?:{_MINE} (?:\w+ ){{0,3}}{_RULES}|my \w+|what i)",
        ),
        (
            "violates violate violating",
            rf" (?:this|that|it|your (?:request|message|question|prompt)|the request|what you(?:'re| are) asking(?: for)?|doing so|which|and)(?: (?:would|may|might|will|could|directly|also|clearly))* violat(?:es|e|ing) (?:my|our|openai's|anthropic's|the|content|usage|platform) (?:\w+ ){{0,3}}{_RULES}",
        ),
        (
            "my",
            rf" my (?:\w+ ){{0,3}}{_RULES} (?:here )?(?:\w+ )?(?:don't|do not|doesn't|does not|won't|forbids?|prohibits?|prevents?|bars?|rules? out|disallows?|limits? me|restricts? me|exclude|say no)"
            r"| my (?:\w+ )?(?:role|job|purpose|scope|remit|function|focus|knowledge|expertise|work|task) (?:here )?(?:is|covers|stops|ends|extends)(?: \w+){0,2} (?:only|limited|strictly|restricted|confined|solely|exclusively)"
            r"| (?:not|n't|isn't|falls? outside|outside|beyond|outwith) (?:part of |within |in |of )?my (?:\w+ ){0,3}?(?:programming|role|job|remit|area|scope|purview|lane|domain|capacity|wheelhouse|brief|mandate|authority|duties|expertise|abilities|capabilities|limits|guidelines|permissions?|responsibilit)",
        ),
        (
            "scope",
            r"(?:outside|beyond|out of|not (?:with)?in|exceeds?)(?: of)? (?:my |the )?scope(?: of (?:what (?:i|we)|my|this (?:\w+ )?(?:assistant|chat|chatbot|bot|helpdesk)|the (?:\w+ )?(?:assistant|bot)|support (?:i|we)|topics i)| for (?:me|this (?:\w+ )?(?:assistant|bot|chat|chatbot)))|beyond my scope|outside my scope",
        ),
        (
            "what",
            r"(?:outside|beyond|not|isn't|falls outside|exceeds)(?: of)? what (?:i|we)(?:'m|'re)? (?:can|am|are|do|cover|handle|help|offer|able|allowed|here|set up|designed|support|was|were)"
            r"| not what i(?:'m| am| was) (?:here|designed|built|meant|set up|made|for)",
        ),
        ("what", rf"(?:outside|beyond)(?: of)? what this (?:\w+ )?{_SERVICE} (?:can|is|does|covers|handles)"),
        (
            "only just solely exclusively strictly",
            r" (?:i|we)(?:'m|'re|'ll| can| am| are| will)? (?:only|just|solely|exclusively|strictly)(?: able| allowed| here| permitted| authori[sz]ed| set up| designed| meant| trained| built| configured| equipped)?(?: to)? (?:answer|help (?!if|when|once)|assist|handle|support|discuss|cover|deal|talk|respond|speak|take questions|take requests|address|chat|advise)(?!\w* (?:you )?(?:if|when|once|after))"
            r"| i(?:'m| am| can) only (?:able |allowed |permitted )?to (?:answer|help|assist|discuss|talk)"
            r"| i(?:'m| am| was) (?:set up|designed|built|configured|programmed|meant|made|trained|here|limited|restricted|intended|allowed|authori[sz]ed) only (?:to|for|with)"
            rf"| (?:this|the|our) (?:\w+ )?{_SERVICE} (?:can |will |is |does |may )?(?:only|exclusively|solely|just) (?:able to |allowed to |meant to |here to |for |designed to |intended to )?(?:answer|handle|help|assist|discuss|respond|cover|deal|talk|questions)"
            rf"| (?:this|the|our) (?:\w+ )?{_SERVICE} is (?:meant|here|designed|intended|set up) only (?:for|to)",
        ),
        (
            "limited restricted confined",
            rf" i(?:'m| am) (?:strictly )?(?:limited|restricted|confined) to (?!data|a |information up|the (?:data|information))| (?:this|the|our) (?:\w+ )?{_SERVICE} is (?:limited|restricted) to",
        ),
        (
            "specifically",
            r" i(?:'m| am) (?:here |designed |built |configured |set up |an? [a-z -]{1,40} (?:here |designed |built ))?specifically (?:to help|for|to assist|to answer)[^.]{0,80}(?:, so|; | and (?:can't|cannot))",
        ),
        (
            "request question query prompt",
            r" (?:request|question|query|prompt) (?:can't|cannot|can not|won't|will not) be (?:fulfilled|completed|honou?red|answered|granted|accommodated|carried)",
        ),
        (
            "request",
            r"(?:[.!:]) (?:this |your |the |that )?request (?:is |was |has been )?(?:declined|denied|refused|rejected)[.!:;,]|request (?:has been |is |was )(?:declined|refused|blocked) (?:because|for|due|by (?:my|our) )",
        ),
        ("limits", r"(?:that|this|it|topic|which)(?:'s| is)? (?:\w+ )?off-limits (?:for me|to me)"),
        (
            "prohibit prohibits prohibited",
            r"(?:i(?:'m| am)|guidelines|polic(?:y|ies)|which|programming) (?:\w+ )?(?:explicitly |strictly )?prohibit(?:s|ed)? (?:me|from|the creation|the generation|providing|generating|sharing|creating)",
        ),
        ("condone", r" i (?:do not|don't|can't|cannot) (?:support or |promote or |encourage or )?condone"),
        ("one", r" not one (?:i|that i)(?:'ll|'m| can| will)"),
        (
            "leave",
            r" (?:let's|i'll|i will|i'd rather|i have to) leave th(?:is|at) (?:topic |one |subject |question )?(?:there|alone|aside|here|out)",
        ),
        ("nope", r"\A. nope[.,!;:-]"),
        ("mine", r" (?:isn't|not) (?:mine to (?:hand|share|give|tell))"),
        ("nothing", r" nothing i can (?:do|help)"),
    ),
    tasks=(
        "help- assist- aid provid- giv- offer- shar- discuss- generat- creat- writ- produc- support- recommend- endors- condon- promot- "
        "encourag- facilitat- engag- participat- comply complying fulfil- answer- respond- reply replying comment- continu- process- perform- "
        "carry advis- advocat- tell telling reveal- disclos- divulg- show- explain- teach- guid- instruct- describ- translat- summari- list listing suggest- "
        "compil- draft- compos- role-play- roleplay- pretend- act acting impersonat- play playing take taking go going be being entertain- address- "
        "handl- chang- modif- issu- refund- cancel- book booking approv- authori- grant- waiv- releas- transfer- delet- send- order ordering speculat- "
        "rank- judg- identif- contribut- mimic- satisf- name naming suppl- walk weigh- honor- honour- accommodat- proceed- present publish- print- repeat- quot- copy "
        "reproduc- recreat- rewrit- edit- paraphras- simulat- fabricat- invent- spread- lend- bypass- hack- break- circumvent- disabl- "
        "overrid- ignor- track- prescrib- diagnos- interpret- cover- deal arrang- schedul- remov- replac- insult- mock- curs- swear- make making do "
        "doing push- merg- deploy- commit- plan- design- develop- build- evaluat- solv- finish- complet- obey- follow- adopt- hand handing pass "
        "touch- get getting talk- outlin- detail- plagiari- forg- pull- look design- work- allow- enabl- let speak- weigh- conduct- collect- match- "
    ),
    between=(
        "-ly access and or will not be in good conscience faith just even you able to really also any way under circumstances any i'm i as an ai "
        "either nor won t for to further with willing allowed permitted comfortable consent agree"
    ),
    idioms=(
        r" (?:[a-z]+ly )?(?:help (?:but|feeling|thinking|wondering|noticing|myself|it\b|the way|laughing|smiling|falling|loving|being)"
        r"|(?:recommend|stress|emphasi[sz]e|praise|thank|say|overstate|repeat|explain|express|tell you|describe)\b[^.]{0,60} (?:enough|how (?:much|happy|proud|glad|sorry|excited|grateful|often|many|good|beautiful))"
        r"|make (?:it\b|sense|out|assumptions|any (?:assumption|promise)|promises|sure|a (?:definitive|judge?ment))|advocate for any|take (?:(?:a|any) (?:\w+ )?(?:stance|position|side)s?|sides)|physically|take (?:it|my|credit|the credit|full credit|any credit|for granted|much|long)"
        r"|go (?:back|into (?:too |the |every |much |full )?(?:much )?(?:detail|depth)|wrong|a day|on like|home|there again|to (?:the )?(?:\w+ )?(?:party|meeting|event|gym|bed|sleep|work|school))"
        r"|be (?:(?:happier|more|prouder|sure|certain|there|too|a (?:better|bad|big|good)|100|the (?:same|only)|any|late|able to (?:see|access|open|view|find|verify|confirm|attend|make it|join)|in|at|back|home)\b|able to physically)"
        r"|get (?:over|enough|past|it out|used|my|the (?:file|page|site|link)|to)|do (?:without|enough|much (?:better|worse)|math\b|better|more than|anything about it now)|let (?:go|you go|it|him|her|them|down|this opportunity)"
        r"|work (?:out (?:what|how|why|which)|with (?:an? |the )?(?:empty|missing|corrupt|blank)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)|pass (?:up|the test)|break (?:it|this|down) (?:down|any)"
        r"|look (?:away|back|at (?:him|her|it|that))|talk right now|speak (?:for (?:everyone|all|others)|french|to)|follow (?:you|what you|the (?:logic|question|reasoning|argument))|act (?:like|as if|surprised|as though)"
        r"|show up|play (?:the (?:guitar|piano|violin)|tonight)|tell (?:if|whether|which|from|who|what (?:it|this|the)|the difference|apart|for sure)|answer (?:for|that from) (?:you|him|her|them|the)"
        r"|identify (?:the|any|a) (?:\w+ )?(?:error|problem|issue|bug|file|cause|song|source|reason|typos?|mistakes?)|(?:reproduc|replicat|recreat)\w* (?:the|this|that|your) (?:\w+ )?(?:bug|issue|error|problem|crash|behaviou?r|failure|exception)"
        r"|answer (?:that|this) (?:\w+ )?from the|plan |develop(?:ed)? (?:feelings|a)|show any)"
    ),
    harmless=(
        r"without (?:more|further|additional|knowing|seeing|the (?:file|files|code|text|full|error|context|document|log|logs|data|image|attachment)|access|any (?:context|more|additional|further)|context|you sharing|a (?:copy|link|file))"
        r"|until (?:you|i)(?:'ve| have)? (?:tell|told|share|paste|provide|upload|know|see|have|saw|hear|get|pasted|sent|send|read)|unless (?:you|i) (?:tell|share|paste|provide|give|upload|attach|know|see|have|can see|send)"
        r"|if you don't (?:share|tell|paste|provide|upload)|real-?time|up-to-date|live (?:data|weather|prices?|scores?|traffic|results)|current (?:weather|prices?|time|news|stock)|\b(?:because|as|since|and) i (?:don't|do not|can't|cannot|have no) (?:have|see|access)\b"
        r"|(?:definitive|conclusive|precise|single|straight|100 ?%) (?:answer|figure|number|date|estimate|count|conclusion|diagnosis|verdict|yes)"
        r"|declin\w+ (?:your|the|this|an?) (?:\w+ )?(?:invitation|offer|position|proposal|job|role|meeting|invite)|(?:predict|foresee) the future|assumptions about"
        r"|(?:don't|do not) (?:have|hold|possess) (?:\w+ )?(?:personal|opinions?|beliefs|feelings|access|emotions|enough)|from the (?:document|text|context|passage|data|excerpt|sources)|(?:provided|given|supplied) (?:context|documents?|text|sources)"
    ),
    modest=r"(?:legal|medical|financial|tax|investment|professional|personali[sz]ed|specific|health|dosing) (?:or \w+ )?(?:\w+ )?advice|\bstance|directly|opinion|diagnos|prescri|predict|guarante|certain|assum|specific answer|exact (?:number|figure|date|amount|time|answer)|judge?ment|promote or criticize",
    answers={
        literal: rf"(?:{literal}),? (?!i |if |please|you should|feel|let |we |happy|would|a (?:doctor|lawyer|pharmacist|professional|qualified|licensed)|your (?:doctor|pharmacist)|it's (?:important|best|crucial)|it is (?:important|best|crucial))"
        rf"|(?:{literal}),? i can (?:tell|say|give you|explain|share|provide you with (?:some|a)|offer (?:some|a)|provide (?:some|a)|describe|outline|point|summari|help you understand)"
        for literal in (" however", " but", " that said", " still", " though", " nevertheless")
    }
    | {
        "here": r"here (?:is|are) (?!some (?:resources|alternatives))|here's",
        "general": r"generally speaking|in general,",
    },
    delivers={
        literal: rf"{literal},? (?:here(?:'s| is| are)|below (?:is|are)) (?!(?:some|a few|several|other|two|three) (?:\w+ )*(?:resources|alternatives|alternative|options|legal|safe|safer|legitimate|ethical|suggestions|ways|tips|things|ideas|steps)|a (?:safe|safer|legal|legitimate|number for|helpline)|other|how (?:you can (?:legally|safely)))"
        rf"|{literal},? (?:the (?:short )?answer (?:is|to)|in short|roughly|approximately|yes[,:])"
        for literal in (" but", " however", " that said", " though", " instead", " still")
    }
    | {
        ":": r"(?:translation|translated|translates|in (?:french|german|spanish|english|dutch|italian|portuguese|japanese|korean|chinese)|how about|(?:you could|you can|you might|try) (?:write|say|saying|reply|replying|respond|responding|this)|draft|version|example|template|reply|output|result|summary|rewrite|rewritten|corrected):",
    },
    begins=r" (?:(?:sure|certainly|of course|absolutely|yes|great|done|happy to)[,!.:;-]|(?:here(?:'s| is| are)|below (?:is|are)|the following)\b)",
)
