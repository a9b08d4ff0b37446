SELECT * FROM histogram_classes ORDER BY number
