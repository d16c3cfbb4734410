// AND, OR and NOT by their precedence. A dialect adds the tokens and the rule predicate.
parser grammar Logic;

or  : and (OR and)* ;
and : not (AND not)* ;
not : NOT not | predicate ;
