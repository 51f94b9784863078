"""Papers that customers might send, drawn with their truth: what the reading is judged by.

`truth` invents who returned what; `visible` and `unseen` are the layouts of certificates (whoever writes
the reading rules looks at the first only), `fresh` is a second set that was held out when the first had become
known, `later` a third, by somebody who had seen neither, `fourth` one more (`fourth_facts` invents its data),
`fifth` the one that lays traps for values that seem proven (`fifth_facts`), and `sixth` ordinary forms again by
somebody who had seen none of them (`sixth_facts`, `sixth_means`);
`negatives`, `fresh_negatives`, `later_negatives`, `fourth_negatives`, `fifth_negatives` and `sixth_negatives` are
papers that prove no return;
`wear` is what scanners, telephones and fax machines make of a page; `making` puts a set of all of it into a folder.
Nothing here is shared with the reading rules.
"""
